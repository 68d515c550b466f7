"""
A folder of this machine that keeps backups, such as one of a mounted disk: `file://`.

`store` says where it is and enters it, `mounting` looks whether its disk is there, `place` is what can be
done in it; `descriptors` keep what threads work with open, and `telling` says what an error means.
"""

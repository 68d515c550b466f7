"""The encodings of text that a stranger may name, and how Python calls them."""

_CODECS: dict[str, str] = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 us-ascii ascii",
    "utf-16": "utf-16 utf16 utf-16le utf-16be utf-16-le utf-16-be ucs-2 iso-10646-ucs-2 unicode",
    "utf-32": "utf-32 utf32 utf-32le utf-32be ucs-4",
    # as browsers do: whoever says latin-1 has the quotes of Windows too
    "cp1252": "iso-8859-1 iso8859-1 latin1 latin-1 l1 windows-1252 cp1252 x-cp1252",
    "cp874": "windows-874 cp874 tis-620 iso-8859-11",
    "koi8-r": "koi8-r koi8 koi",
    "koi8-u": "koi8-u",
    "mac-roman": "macintosh mac-roman x-mac-roman",
    "cp437": "cp437 ibm437",
    "cp850": "cp850 ibm850",
    "cp866": "cp866 ibm866",
    "gb18030": "gb2312 gbk gb18030 x-gbk cp936 euc-cn",
    "big5hkscs": "big5 big5-hkscs x-x-big5",
    "shift_jis": "shift-jis shiftjis sjis x-sjis",
    "cp932": "windows-31j cp932 ms-kanji",
    "euc_jp": "euc-jp eucjp x-euc-jp",
    "iso2022_jp": "iso-2022-jp",
    "cp949": "euc-kr euckr ks-c-5601-1987 cp949 windows-949",
}
_CODEC_OF = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}
_CODEC_OF |= {f"iso-8859-{n}": f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
_CODEC_OF |= {f"{kind}{n}": f"cp{n}" for n in range(1250, 1259) if n != 1252 for kind in ("windows-", "cp")}


def codec_of(label: str) -> str:
    """
    The codec for the encoding that is called `label`, in any spelling; empty for one that nobody here knows.

    Only what is text and is decoded in time that grows with its length is known: Python has codecs that
    unpack, escape or transcribe too.
    """
    return _CODEC_OF.get(label.strip().lower().replace("_", "-"), "")


def decoded(data: bytes, label: str) -> str:
    """`data` as text, in UTF-8 where `label` is not known; what is none of it is replaced."""
    return data.decode(codec_of(label) or "utf-8", "replace")

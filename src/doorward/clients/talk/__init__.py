"""
Conversations in lines with any server: SMTP, IMAP, POP3, FTP, HTTP, a router's Telnet, or a daemon of ours.

What came is text, with Telnet's negotiation kept out of it; patterns are waited for in it, within one
deadline.
"""

"""The client of a mail server: one try to deliver a message, with an answer for each recipient."""

from doorward.clients.smtp.mailer import SmtpMailer

__all__ = ["SmtpMailer"]

"""Feeds of every dialect, each with two entries that say the same."""

from pathlib import Path

NVD = Path(__file__).parents[2] / "data" / "nvd-rss-1.0.xml"
URL = "http://feeds.example.org/news/all.xml"

RSS_0_91 = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
  "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91">
<channel>
 <title>Caf&eacute; news</title>
 <link>http://feeds.example.org/</link>
 <description>What is new</description>
 <pubDate>Mon, 24 Nov 2025 10:00:00 GMT</pubDate>
 <image><title>not the title</title><link>http://no.example/</link></image>
 <item><title>First</title><link>http://feeds.example.org/1</link>
  <description>It begins.</description></item>
 <item><title>Second</title><link>http://feeds.example.org/2</link>
  <description>It goes on.</description></item>
</channel>
</rss>"""

RSS_1_0 = """<?xml version="1.0"?>
<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:d="http://purl.org/dc/elements/1.1/">
<channel r:about="http://feeds.example.org/"><title>Caf\u00e9 news</title><link>http://feeds.example.org/</link>
 <d:date>2025-11-24T10:00:00Z</d:date>
 <items><r:Seq><r:li r:resource="urn:1"/><r:li r:resource="urn:2"/></r:Seq></items></channel>
<image><title>not the title</title></image>
<item r:about="urn:1"><title>First</title><link>http://feeds.example.org/1</link>
 <description>It begins.</description>
 <d:creator>Ada</d:creator><d:date>2025-11-23</d:date><d:subject>one</d:subject></item>
<item r:about="urn:2"><title>Second</title><link>http://feeds.example.org/2</link>
 <description>It goes on.</description>
 <d:creator>Bob</d:creator><d:date>2025-11-24</d:date><d:subject>two</d:subject></item>
</r:RDF>"""

RSS_2_0 = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Caf\u00e9 news</title><link>http://feeds.example.org/</link>
 <atom:link rel="self" href="http://feeds.example.org/self.xml"/>
 <lastBuildDate>Mon, 24 Nov 2025 11:00:00 +0100</lastBuildDate>
<item><title>First</title><link>http://feeds.example.org/1</link><guid isPermaLink="false">urn:1</guid>
 <description>&lt;p&gt;It &lt;b&gt;begins&lt;/b&gt;.&lt;/p&gt;</description>
 <content:encoded><![CDATA[<p>The whole of it.</p>]]></content:encoded>
 <author>Ada</author><category>one</category><pubDate>Sun, 23 Nov 2025 00:00:00 GMT</pubDate></item>
<item><title>Second</title><guid>http://feeds.example.org/2</guid>
 <content:encoded><![CDATA[<p>It goes on.</p><script>alert(1)</script>]]></content:encoded>
 <author>Bob</author><category>two</category><pubDate>Mon, 24 Nov 2025 00:00:00 GMT</pubDate></item>
</channel></rss>"""

ATOM_1_0 = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://feeds.example.org/">
<title type="text">Caf\u00e9 news</title><link href="/"/><link rel="self" href="self.xml"/>
<updated>2025-11-24T11:00:00+01:00</updated><id>urn:feed</id>
<author><name>Nobody in particular</name></author>
<entry><id>urn:1</id><title type="html">&lt;i&gt;First&lt;/i&gt;</title><link rel="enclosure" href="1.ogg"/>
 <link rel="alternate" href="1"/><published>2025-11-23T00:00:00Z</published>
 <updated>2025-11-26T00:00:00Z</updated><author><name>Ada</name><email>ada@example.org</email></author>
 <category term="one"/>
 <summary>It begins.</summary><content type="html">&lt;p&gt;The whole of it.&lt;/p&gt;</content></entry>
<entry><id>urn:2</id><title>Second</title><link href="2"/><updated>2025-11-24T00:00:00Z</updated>
 <source><id>urn:other</id><title>not the title</title><updated>1999-01-01T00:00:00Z</updated></source>
 <author><name>Bob</name></author><category term="2" label="two"/>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>It <em>goes</em> on.</p></div></content>
</entry>
</feed>"""

ATOM_0_3 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#">
<title>Caf\u00e9 news</title><link rel="alternate" type="text/html" href="http://feeds.example.org/"/>
<modified>2025-11-24T10:00:00Z</modified>
<entry><id>urn:1</id><title>First</title><link rel="alternate" type="text/html" href="http://feeds.example.org/1"/>
 <issued>2025-11-23T00:00:00</issued><modified>2025-11-26T00:00:00Z</modified>
 <summary type="text/plain">It begins.</summary></entry>
<entry><id>urn:2</id><title>Second</title><link rel="alternate" type="text/html" href="http://feeds.example.org/2"/>
 <issued>2025-11-24T00:00:00Z</issued>
 <content type="text/html" mode="escaped">&lt;p&gt;It goes on.&lt;/p&gt;</content></entry>
</feed>"""

ALL = {
    "RSS 0.91": RSS_0_91,
    "RSS 1.0": RSS_1_0,
    "RSS 2.0": RSS_2_0,
    "Atom 1.0": ATOM_1_0,
    "Atom 0.3": ATOM_0_3,
}


def rss(*items: str, head: str = "") -> bytes:
    """A feed of RSS 2.0 whose items have these contents."""
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>news</title>{head}{inside}</channel></rss>'.encode()

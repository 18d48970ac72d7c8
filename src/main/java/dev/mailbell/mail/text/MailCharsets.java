package dev.mailbell.mail.text;

import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The charsets of mail: senders label text with a standard's name and use the vendor's extension of
 * it.
 */
public final class MailCharsets {
    private static final Map<String, Charset> EXTENSIONS = new HashMap<>();

    static {
        extension("windows-31j", "shift_jis shift-jis sjis x-sjis ms_kanji csshiftjis cp932 ms932");
        extension("windows-31j", "windows-932 windows932");
        extension("x-windows-949", "ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ks_c_5601_1987");
        extension("x-windows-949", "ksc_5601 ksc5601 ksc-5601 ks-c-5601 korean iso-ir-149");
        extension("x-windows-949", "csksc56011987 euc-kr euckr euc_kr cseuckr cp949 uhc 5601");
        extension("x-windows-949", "windows-949 windows949 ms949");
        extension("GB18030", "gb2312 gb_2312-80 gb_2312 gb-2312 gb2312-80 csgb2312 chinese");
        extension("GB18030", "csiso58gb231280 iso-ir-58 euc-cn euccn gbk x-gbk cp936 936 ms936");
        extension("GB18030", "windows-936 gb18030 gb-18030");
        extension("x-MS950-HKSCS", "big5 big-5 big5-hkscs cn-big5 csbig5 x-x-big5 cp950 ms950");
        extension("x-eucJP-Open", "euc-jp eucjp x-euc-jp cseucpkdfmtjapanese");
        extension("x-windows-50221", "iso-2022-jp csiso2022jp");
        extension("windows-1252", "iso-8859-1 iso8859-1 iso_8859-1 iso88591 latin1 latin-1 l1");
        extension("windows-1252", "cp1252 windows1252 win-1252");
        extension("windows-1254", "iso-8859-9 iso8859-9 iso_8859-9 latin5 l5");
        extension("x-windows-874", "tis-620 tis620 iso-8859-11 windows-874 cp874");
        extension("ISO-8859-8", "iso-8859-8-i iso-8859-8-e csiso88598i logical visual");
        extension("windows-1251", "win-1251 windows1251 cp1251 win1251 x-cp1251");
        extension("UTF-8", "utf8 utf-8 unicode-1-1-utf-8 cp65001 utf-8-mac utf_8 x-utf-8");
        extension("x-MacRoman", "macintosh mac x-macintosh");
    }

    private MailCharsets() {}

    private static void extension(String charset, String labels) {
        for (String label : labels.split(" ")) {
            EXTENSIONS.put(label, Charset.forName(charset));
        }
    }

    /** Decodes octets; empty for an unknown charset. */
    public static Optional<String> decode(byte[] octets, String label) {
        // RFC 2231, section 5: the charset may be followed by a language.
        String name = label.replaceFirst("\\*.*", "").toLowerCase(Locale.ROOT);
        if (name.equals("us-ascii") || name.equals("ascii")) {
            return Optional.of(ServerText.decode(octets, 0, octets.length));
        }
        if (name.endsWith("utf-7")) {
            String text = new String(octets, StandardCharsets.ISO_8859_1);
            return Optional.of(ModifiedUtf7.decodeText(text).orElse(text));
        }
        return charset(name).map(charset -> new String(octets, charset));
    }

    private static Optional<Charset> charset(String name) {
        Charset known = EXTENSIONS.get(name);
        try {
            return Optional.of(known == null ? Charset.forName(name) : known);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return Optional.empty();
        }
    }
}

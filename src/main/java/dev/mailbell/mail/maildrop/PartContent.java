package dev.mailbell.mail.maildrop;

import dev.mailbell.mail.text.HeaderText;
import dev.mailbell.mail.text.MailCharsets;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.ContentDisposition;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimePart;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParameterList;
import jakarta.mail.internet.ParseException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The content of one part: its type, its decoded octets, its text. Tolerates malformed headers. */
final class PartContent {
    private static final Pattern FILE_NAME =
            Pattern.compile("(?is).*\\b(?:file)?name\\*?\\s*=\\s*\"?([^\";\\r\\n]{1,500}).*");
    private static final Pattern META_CHARSET =
            Pattern.compile(
                    "(?is).{0,4000}?<meta[^>]{0,200}charset\\s*=\\s*[\"']?([\\w:.-]{1,40}).*");
    private static final Pattern BASE_TYPE =
            Pattern.compile("\\s*([A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+).*", Pattern.DOTALL);
    private static final String REPLACEMENT = "\ufffd";

    private final MimePart part;
    private final List<String> remarks;
    private final String type;
    private final @Nullable ContentType contentType;

    /**
     * @param remarks gets what is odd about the part
     */
    PartContent(MimePart part, List<String> remarks) {
        this.part = part;
        this.remarks = remarks;
        String header = header("Content-Type").orElse("text/plain");
        this.contentType = parsed(header);
        Matcher base = BASE_TYPE.matcher(header);
        this.type =
                (contentType != null
                                ? contentType.getBaseType()
                                : base.matches() ? base.group(1) : "text/plain")
                        .toLowerCase(Locale.ROOT);
    }

    private static @Nullable ContentType parsed(String header) {
        try {
            return new ContentType(header);
        } catch (ParseException e) {
            return null;
        }
    }

    private Optional<String> header(String name) {
        try {
            return Optional.ofNullable(part.getHeader(name, null)).map(String::strip);
        } catch (MessagingException e) {
            return Optional.empty();
        }
    }

    /** Lower case, without parameters. */
    String type() {
        return ServerText.oneLine(type, 100);
    }

    boolean isMultipart() {
        return type.startsWith("multipart/") && contentType != null;
    }

    boolean isAttachment() {
        return header("Content-Disposition")
                .map(value -> value.toLowerCase(Locale.ROOT).startsWith("attachment"))
                .orElse(false);
    }

    /** Whether it is text to be read, and no attachment. */
    boolean isText() {
        return (type.startsWith("text/") || (type.startsWith("multipart/") && contentType == null))
                && !isAttachment()
                && fileName().isEmpty();
    }

    /** As the sender gave it; empty for none. */
    String fileName() {
        return header("Content-Disposition")
                .flatMap(value -> decodedName(value, "filename", disposition(value)))
                .or(() ->
                        header("Content-Type")
                                .flatMap(value -> decodedName(value, "name", typeParameters())))
                .orElse("");
    }

    private @Nullable ParameterList typeParameters() {
        return contentType == null ? null : contentType.getParameterList();
    }

    private static @Nullable ParameterList disposition(String value) {
        try {
            return new ContentDisposition(value).getParameterList();
        } catch (ParseException e) {
            return null;
        }
    }

    /**
     * A name by RFC 2231 is decoded by then; others have encoded words, or octets of any charset.
     */
    private static Optional<String> decodedName(
            String header, String parameter, @Nullable ParameterList parameters) {
        Optional<String> value = Optional.ofNullable(parameters).map(list -> list.get(parameter));
        if (value.isEmpty()) {
            Matcher matcher = FILE_NAME.matcher(header);
            value =
                    parameters == null && matcher.matches()
                            ? Optional.of(matcher.group(1))
                            : Optional.empty();
        }
        boolean isDecoded =
                header.toLowerCase(Locale.ROOT)
                        .matches("(?s).*" + parameter + "\\*\\d*\\*?\\s*=.*");
        return value.flatMap(isDecoded ? HeaderText::shown : HeaderText::decoded);
    }

    /** A file extension for the type, with its dot. */
    String extension() {
        return switch (type) {
            case "message/rfc822" -> ".eml";
            case "text/plain" -> ".txt";
            case "text/html" -> ".html";
            case "application/pdf" -> ".pdf";
            case "image/png" -> ".png";
            case "image/jpeg" -> ".jpg";
            case "image/gif" -> ".gif";
            default -> ".bin";
        };
    }

    /** The decoded octets, as far as they can be decoded. */
    InputStream stream() throws IOException {
        InputStream raw;
        try {
            raw =
                    switch (part) {
                        case MimeMessage message -> message.getRawInputStream();
                        case MimeBodyPart body -> body.getRawInputStream();
                        default -> new ByteArrayInputStream(new byte[0]);
                    };
        } catch (MessagingException e) {
            // It has no content at all.
            return new ByteArrayInputStream(new byte[0]);
        }
        String encoding =
                header("Content-Transfer-Encoding")
                        .map(value -> value.toLowerCase(Locale.ROOT))
                        .orElse("7bit");
        return switch (encoding) {
            case "base64" -> new LenientBase64(raw);
            case "quoted-printable", "uuencode", "x-uuencode", "x-uue" -> decoded(raw, encoding);
            default -> raw;
        };
    }

    private InputStream decoded(InputStream raw, String encoding) {
        try {
            return new UntilFault(MimeUtility.decode(raw, encoding));
        } catch (MessagingException e) {
            remarks.add("the encoding " + ServerText.oneLine(encoding, 40) + " is not known");
            return raw;
        }
    }

    /** The number of decoded octets. */
    long size() throws IOException {
        try (InputStream stream = stream()) {
            return stream.transferTo(OutputStream.nullOutputStream());
        }
    }

    /** The text, with HTML as text; at most {@code limit} octets of it. */
    String text(int limit) throws IOException {
        byte[] octets;
        try (InputStream stream = stream()) {
            octets = stream.readNBytes(limit);
            if (stream.read() >= 0) {
                remarks.add("a text has more than " + limit + " octets: its beginning is shown");
            }
        }
        boolean html = type.equals("text/html");
        String label = charset().or(() -> html ? metaCharset(octets) : Optional.empty()).orElse("");
        String text = decoded(octets, label);
        return html ? HtmlText.of(text) : text;
    }

    /** The part as it was sent. */
    String rawText(int limit) throws IOException {
        try (InputStream stream = stream()) {
            byte[] octets = stream.readNBytes(limit);
            return ServerText.decode(octets, 0, octets.length);
        }
    }

    private Optional<String> charset() {
        return Optional.ofNullable(contentType)
                .map(parameters -> parameters.getParameter("charset"))
                .map(label -> label.strip().replace("\"", "").replace("'", ""));
    }

    private static Optional<String> metaCharset(byte[] octets) {
        String head =
                new String(octets, 0, Math.min(octets.length, 4_096), StandardCharsets.ISO_8859_1);
        Matcher matcher = META_CHARSET.matcher(head);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /**
     * By the charset of the label if the octets are of it, and otherwise by what they look like.
     */
    private String decoded(byte[] octets, String label) {
        String guessed = ServerText.decode(octets, 0, octets.length);
        if (label.isEmpty()) {
            return guessed;
        }
        Optional<String> labelled = MailCharsets.decode(octets, label);
        if (labelled.isEmpty()) {
            remarks.add("the charset " + ServerText.oneLine(label, 40) + " is not known");
            return guessed;
        }
        if (labelled.get().contains(REPLACEMENT) && !guessed.contains(REPLACEMENT)) {
            remarks.add(
                    "a text is not in the charset that it names, " + ServerText.oneLine(label, 40));
            return guessed;
        }
        return labelled.get();
    }
}

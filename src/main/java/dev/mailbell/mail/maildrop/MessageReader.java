package dev.mailbell.mail.maildrop;

import dev.mailbell.mail.maildrop.ShownMessage.Attachment;
import dev.mailbell.mail.maildrop.ShownMessage.Header;
import dev.mailbell.mail.text.HeaderText;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.MimePart;
import jakarta.mail.internet.MimePartDataSource;
import jakarta.mail.util.SharedFileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stored message (RFC 5322, MIME). Nothing in it is trusted: parts, depth, headers and text
 * have limits, and what is malformed is shown as far as it goes, with a remark.
 */
public final class MessageReader {
    private static final int MAX_DEPTH = 20;
    private static final int MAX_PARTS = 500;
    private static final int MAX_TEXT = 1 << 20;
    private static final int MAX_LINES = 5_000;
    private static final int SHORT = 200;
    private static final List<String> HEADERS =
            List.of("From", "To", "Cc", "Reply-To", "Date", "Subject", "Message-ID");

    private final @Nullable AttachmentSaver saver;
    private final List<Header> headers = new ArrayList<>();
    private final List<Attachment> attachments = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private int parts;

    private MessageReader(@Nullable AttachmentSaver saver) {
        this.saver = saver;
    }

    /**
     * Reads a message.
     *
     * @param saver saves the attachments; null to list them only
     * @throws IOException when the file cannot be read, or an attachment not be saved
     */
    public static ShownMessage read(Path file, @Nullable AttachmentSaver saver) throws IOException {
        return new MessageReader(saver).read(file);
    }

    private ShownMessage read(Path file) throws IOException {
        MessageShape shape = MessageShape.of(file);
        try (SharedFileInputStream in = new SharedFileInputStream(file.toFile())) {
            if (shape.isReasonable()) {
                MimeMessage message = new MimeMessage(Session.getInstance(new Properties()), in);
                readHeaders(message);
                walk(message, 0);
            } else {
                remark("the message has too large a header or too many parts: shown as it is");
                byte[] octets = in.readNBytes(MAX_TEXT);
                append(ServerText.decode(octets, 0, octets.length));
            }
        } catch (MessagingException e) {
            remark("the message is malformed: " + e.getMessage());
        }
        return new ShownMessage(
                List.copyOf(headers),
                ServerText.severalLines(text.toString(), MAX_LINES),
                List.copyOf(attachments),
                List.copyOf(remarks));
    }

    private void readHeaders(MimePart part) throws MessagingException {
        for (String name : HEADERS) {
            String value = part.getHeader(name, ", ");
            if (value != null) {
                HeaderText.decoded(value)
                        .ifPresent(decoded -> headers.add(new Header(name, decoded)));
            }
        }
    }

    private void walk(MimePart part, int depth) throws IOException {
        if (depth > MAX_DEPTH || ++parts > MAX_PARTS) {
            if (parts <= MAX_PARTS + 1) {
                remark("there are more parts, or deeper ones, than are shown");
            }
            return;
        }
        PartContent content = new PartContent(part, remarks);
        try {
            if (content.isMultipart()) {
                multipart(content, part, depth);
            } else if (content.type().equals("message/rfc822") && !content.isAttachment()) {
                message(content, depth);
            } else if (content.isText()) {
                append(content.text(MAX_TEXT));
            } else {
                attachment(content);
            }
        } catch (MessagingException e) {
            remark(
                    "a part of type "
                            + content.type()
                            + " is malformed: "
                            + ServerText.oneLine(String.valueOf(e.getMessage()), SHORT));
            append(content.rawText(MAX_TEXT));
        }
    }

    private void multipart(PartContent content, MimePart part, int depth)
            throws MessagingException, IOException {
        MimeMultipart multipart = new MimeMultipart(new MimePartDataSource(part));
        List<MimePart> children = new ArrayList<>();
        for (int i = 0; i < multipart.getCount() && i <= MAX_PARTS; i++) {
            children.add((MimePart) multipart.getBodyPart(i));
        }
        if (content.type().equals("multipart/alternative")) {
            Optional<MimePart> best = best(children);
            if (best.isPresent()) {
                for (MimePart child : children) {
                    PartContent other = new PartContent(child, new ArrayList<>());
                    if (child == best.get() || !(other.isText() || other.isMultipart())) {
                        walk(child, depth + 1);
                    }
                }
                return;
            }
        }
        for (MimePart child : children) {
            walk(child, depth + 1);
        }
    }

    /** The plain text that says something, or else the last that can be shown. */
    private static Optional<MimePart> best(List<MimePart> alternatives) throws IOException {
        MimePart last = null;
        for (MimePart alternative : alternatives) {
            PartContent content = new PartContent(alternative, new ArrayList<>());
            if (content.type().equals("text/plain")
                    && content.isText()
                    && !content.text(MAX_TEXT).isBlank()) {
                return Optional.of(alternative);
            }
            if (content.isText() || content.isMultipart()) {
                last = alternative;
            }
        }
        return Optional.ofNullable(last);
    }

    private void message(PartContent content, int depth) throws MessagingException, IOException {
        MimeMessage inner =
                new MimeMessage(Session.getInstance(new Properties()), content.stream());
        append("---- message ----");
        for (String name : List.of("From", "Date", "Subject")) {
            String value = inner.getHeader(name, ", ");
            if (value != null) {
                append(name + ": " + HeaderText.decoded(value).orElse(""));
            }
        }
        append("");
        walk(inner, depth + 1);
    }

    private void attachment(PartContent content) throws IOException {
        String name = content.fileName();
        int number = attachments.size() + 1;
        if (saver == null) {
            attachments.add(new Attachment(shown(name), content.type(), content.size(), null));
            return;
        }
        try (InputStream stream = content.stream()) {
            CountedStream counted = new CountedStream(stream);
            Path saved = saver.save(name, "part-" + number + content.extension(), counted);
            attachments.add(new Attachment(shown(name), content.type(), counted.octets(), saved));
        }
    }

    private static String shown(String name) {
        return ServerText.oneLine(name, SHORT);
    }

    private void append(String more) {
        if (text.length() < MAX_TEXT) {
            text.append(more).append('\n');
        } else {
            remark("there is more text than is shown");
        }
    }

    private void remark(String remark) {
        if (!remarks.contains(remark) && remarks.size() < MAX_PARTS) {
            remarks.add(ServerText.oneLine(remark, 2 * SHORT));
        }
    }
}

package dev.mailbell.mail.smtp;

import dev.mailbell.mail.text.ServerText;
import jakarta.activation.DataHandler;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.ContentDisposition;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.internet.ParameterList;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.eclipse.angus.mail.util.CRLFOutputStream;

/** Makes the MIME message of an {@link OutgoingMail}. Files are not held in memory. */
final class Composer {
    private static final String UTF_8 = StandardCharsets.UTF_8.name();

    private Composer() {}

    /** A message with its sender and recipients. */
    record Composed(MimeMessage message, InternetAddress from, List<InternetAddress> to) {
        boolean needsUtf8() {
            return MailAddresses.needsUtf8(from) || to.stream().anyMatch(MailAddresses::needsUtf8);
        }

        /** The size of the message as it is sent (RFC 1870); reads all files. */
        long octets() throws MessagingException, IOException {
            Counter counter = new Counter();
            message.writeTo(new CRLFOutputStream(counter));
            return counter.octets;
        }
    }

    /**
     * @throws IllegalArgumentException saying which part of the mail cannot be sent
     */
    static Composed compose(OutgoingMail mail, Session session, Instant now)
            throws MessagingException {
        InternetAddress from = MailAddresses.one(mail.from());
        List<InternetAddress> to = MailAddresses.recipients(mail.to());
        requireOneLine(mail.subject());
        MimeMessage message = new Message(session, MailAddresses.domain(from));
        message.setFrom(from);
        message.setRecipients(
                jakarta.mail.Message.RecipientType.TO, to.toArray(InternetAddress[]::new));
        message.setSubject(mail.subject(), UTF_8);
        message.setSentDate(Date.from(now));
        if (mail.attachments().isEmpty()) {
            message.setText(mail.text(), UTF_8);
        } else {
            MimeMultipart parts = new MimeMultipart();
            MimeBodyPart text = new MimeBodyPart();
            text.setText(mail.text(), UTF_8);
            parts.addBodyPart(text);
            for (Path file : mail.attachments()) {
                parts.addBodyPart(attachment(file));
            }
            message.setContent(parts);
        }
        message.saveChanges();
        return new Composed(message, from, to);
    }

    /** A line break in a subject would begin another header. */
    private static void requireOneLine(String subject) {
        if (subject.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException(
                    "the subject has a line break or another control character: "
                            + ServerText.oneLine(subject, 100));
        }
    }

    private static MimeBodyPart attachment(Path file) throws MessagingException {
        AttachedFile source = AttachedFile.of(file);
        MimeBodyPart part = new MimeBodyPart();
        part.setDataHandler(new DataHandler(source));
        ParameterList parameters = new ParameterList();
        parameters.set("filename", source.getName(), UTF_8);
        part.setDisposition(new ContentDisposition("attachment", parameters).toString());
        // Given, so that the file is not read to find the best encoding.
        part.setHeader("Content-Transfer-Encoding", "base64");
        return part;
    }

    /** Its Message-ID says nothing about this machine. */
    private static final class Message extends MimeMessage {
        private final String domain;

        Message(Session session, String domain) {
            super(session);
            this.domain = domain;
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", "<" + UUID.randomUUID() + "@" + domain + ">");
        }
    }

    private static final class Counter extends OutputStream {
        private long octets;

        @Override
        public void write(int octet) {
            octets++;
        }

        @Override
        public void write(byte[] buffer, int offset, int length) {
            octets += length;
        }
    }
}

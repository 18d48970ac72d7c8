package dev.mailbell.mail.maildrop;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A message as a person reads it; all texts are printable.
 *
 * @param headers the usual ones, decoded
 * @param text the text parts, HTML as text
 * @param attachments all other parts
 * @param remarks what is odd about the message
 */
public record ShownMessage(
        List<Header> headers, String text, List<Attachment> attachments, List<String> remarks) {

    /** A header field. */
    public record Header(String name, String value) {}

    /**
     * An attachment.
     *
     * @param name as the sender gave it; empty for none
     * @param octets decoded
     * @param saved the file; null when it was not saved
     */
    public record Attachment(String name, String type, long octets, @Nullable Path saved) {}
}

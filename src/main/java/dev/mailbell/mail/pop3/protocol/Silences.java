package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.network.Deadline;
import java.time.Duration;

/**
 * How long a server may be silent where its answer may be over, or may never come.
 *
 * @param part the part of the remaining time after which another command is tried: 3 for a third
 * @param status until the status after a stray line
 * @param capability until the next line of an answer to CAPA
 * @param dot until the dot after the last message of a listing, or after a header
 * @param end until the next line of a listing whose number of messages is not known
 */
public record Silences(int part, Duration status, Duration capability, Duration dot, Duration end) {
    public static final Silences USUAL =
            new Silences(
                    3,
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(3));

    /** How long a server may be silent after a command that it need not support. */
    public Duration patience(Deadline deadline) {
        return deadline.remaining().dividedBy(part).plusMillis(1);
    }
}

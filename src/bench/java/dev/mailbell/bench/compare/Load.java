package dev.mailbell.bench.compare;

/**
 * What is done to a candidate.
 *
 * @param mailboxes how many it watches, 1 to 50000
 * @param tls whether the mail server speaks TLS
 * @param rate mails a second, each to a mailbox drawn at random; above 0
 * @param warmUp seconds with the same load before the measured time
 * @param seconds of the measured time
 * @param readySeconds how long it may take to watch all
 * @param seed of what is drawn
 * @param javaOptions of Mailbell, blank for none
 */
public record Load(
        int mailboxes,
        boolean tls,
        double rate,
        int warmUp,
        int seconds,
        int readySeconds,
        long seed,
        String javaOptions) {
    public Load {
        if (mailboxes < 1 || mailboxes > 50_000) {
            throw new IllegalArgumentException("--mailboxes must be 1 to 50000");
        }
        if (!(rate > 0 && rate <= 10_000)) {
            throw new IllegalArgumentException("--rate must be above 0, 10000 at most");
        }
        if (warmUp < 0 || seconds < 1 || readySeconds < 1) {
            throw new IllegalArgumentException(
                    "--warm-up must be 0 or more, --seconds and --ready 1 or more");
        }
    }
}

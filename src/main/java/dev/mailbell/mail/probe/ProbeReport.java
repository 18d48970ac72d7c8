package dev.mailbell.mail.probe;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a probe found. All texts of the server are printable and without secrets. Parts that were
 * not reached are empty or null.
 *
 * @param addresses of the host, as looked up; empty where a proxy looks it up
 * @param addressesAllowed whether the daemon connects to one of them without {@code
 *     network.allowPrivate}
 * @param steps with their durations, in their order
 * @param offered what the server offers before the login
 * @param capabilities what it offers after the login
 * @param mechanisms for logins by SASL, as offered
 * @param loginBy what the daemon logs in by: what it tried, the last one accepted; without a login
 *     what it would try first
 * @param serverId how the server identifies itself (IMAP's ID); empty for nothing
 * @param folders the first 200 names
 * @param push what the server reports unasked
 * @param proofs how new mail is counted here
 * @param pop3 null for IMAP
 * @param advice sentences
 * @param configuration YAML for the daemon; empty when none is needed
 * @param registration the body of {@code POST /v1/accounts}, without a secret
 * @param failure null for none
 */
public record ProbeReport(
        String protocol,
        String host,
        int port,
        String security,
        List<String> addresses,
        boolean addressesAllowed,
        List<Step> steps,
        @Nullable Tls tls,
        String greeting,
        List<String> offered,
        List<String> capabilities,
        List<String> mechanisms,
        List<String> loginBy,
        String serverId,
        int folderCount,
        List<String> folders,
        @Nullable Mailbox mailbox,
        Push push,
        @Nullable Proofs proofs,
        @Nullable Pop3 pop3,
        List<String> advice,
        String configuration,
        Map<String, Object> registration,
        @Nullable Failure failure) {

    /** A step and its duration in milliseconds. */
    public record Step(String name, double millis) {}

    /**
     * The TLS session.
     *
     * @param trusted whether certificate and name are accepted
     * @param reason why not; empty when it is trusted
     * @param chain the server's certificate first
     */
    public record Tls(
            String version,
            String cipher,
            boolean trusted,
            String reason,
            List<CertificateFacts> chain) {}

    /** The mailbox that was checked; UIDVALIDITY and UIDNEXT are 0 for POP3. */
    public record Mailbox(String name, int messages, long uidValidity, long uidNext) {}

    /** What an IMAP server reports unasked, and ID (RFC 2971). */
    public record Push(boolean idle, boolean notifies, boolean listStatus, boolean id) {}

    /**
     * Which proofs held here, cheapest first (docs/detection.md).
     *
     * @param unchanged the one for a mailbox in which nothing happened
     * @param counted the one for new mail
     * @param approximate whether counts are derived from headers or sizes
     */
    public record Proofs(String unchanged, String counted, boolean approximate) {}

    /** The parts of POP3 that a server may lack. */
    public record Pop3(
            boolean capa,
            boolean uidl,
            boolean top,
            boolean pipelining,
            String expire,
            long loginDelaySeconds) {}

    /**
     * Why the probe ended early.
     *
     * @param code as in the API, such as {@code auth_failed}
     * @param step during which it ended
     */
    public record Failure(String code, String message, String step) {}

    /** Whether the probe came to its end. */
    public boolean succeeded() {
        return failure == null;
    }
}

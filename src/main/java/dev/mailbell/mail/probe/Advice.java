package dev.mailbell.mail.probe;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Derives from a probe what the daemon's configuration and the registration need. */
final class Advice {
    private final ProbeRequest request;
    private final Endpoint endpoint;
    private final List<String> sentences = new ArrayList<>();

    Advice(ProbeRequest request) {
        this.request = request;
        this.endpoint = request.endpoint();
    }

    /** YAML for mailbell.yaml; empty when nothing is needed. */
    static String configuration(Endpoint endpoint, List<InetAddress> addresses, boolean allowed) {
        List<String> network = new ArrayList<>();
        if (!allowed && !addresses.isEmpty()) {
            network.add("  allowPrivate: [" + range(addresses.getFirst()) + "]");
        }
        if (endpoint.security() == Security.NONE) {
            network.add("  allowCleartext: [\"" + endpoint.host() + "\"]");
        }
        if (endpoint.egress() != null) {
            network.add("  egress:");
            network.add("    proxy: { url: \"socks5://" + endpoint.egress().proxy() + "\" }");
        }
        List<String> lines = new ArrayList<>();
        if (!network.isEmpty()) {
            lines.add("network:");
            lines.addAll(network);
        }
        return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
    }

    private static String range(InetAddress address) {
        return address.getHostAddress() + (address instanceof Inet4Address ? "/32" : "/128");
    }

    /** The body of {@code POST /v1/accounts} without a secret. */
    static Map<String, Object> registration(ProbeRequest request, ProbeReport.@Nullable Tls tls) {
        Endpoint endpoint = request.endpoint();
        Map<String, Object> mail = new LinkedHashMap<>();
        mail.put("protocol", request.protocol() == Protocol.IMAP ? "imap" : "pop3");
        mail.put("host", endpoint.host());
        mail.put("port", endpoint.port());
        mail.put("security", security(endpoint.security()));
        String username = request.username();
        if (username != null) {
            mail.put("username", username);
        }
        if (endpoint.egress() != null) {
            mail.put("egress", "proxy");
        }
        if (tls != null && !tls.chain().isEmpty() && !tls.trusted()) {
            Map<String, Object> proof = new LinkedHashMap<>();
            proof.put("verify", false);
            proof.put("pinSha256", List.of(tls.chain().getFirst().pin()));
            mail.put("tls", proof);
        }
        if (request.credential() instanceof Credential.AccessToken) {
            mail.put("oauth2", Map.of("provider", "…", "clientId", "…", "refreshToken", "…"));
        } else {
            mail.put("password", "…");
        }
        Map<String, Object> account = new LinkedHashMap<>();
        account.put(
                "address",
                username != null && username.contains("@")
                        ? username
                        : (username == null ? "name" : username) + "@" + endpoint.host());
        account.put("mail", mail);
        if (request.protocol() == Protocol.IMAP) {
            account.put("mailboxes", List.of(request.mailbox()));
        }
        return account;
    }

    static String security(Security security) {
        return security.name().toLowerCase(Locale.ROOT);
    }

    /** Sentences about what was found. */
    List<String> sentences(
            List<InetAddress> addresses,
            boolean allowed,
            ProbeReport.@Nullable Tls tls,
            List<String> capabilities,
            ProbeReport.@Nullable Proofs proofs,
            ProbeReport.@Nullable Pop3 pop3) {
        if (!allowed && !addresses.isEmpty()) {
            say(
                    "The address is private or reserved: the daemon connects only if network.allowPrivate"
                            + " names it.");
        }
        if (endpoint.security() == Security.NONE) {
            say(
                    "The connection is in clear text: the daemon connects only if"
                            + " network.allowCleartext names the host. TLS is better where it is offered.");
        }
        if (tls != null && !tls.trusted()) {
            say(
                    "The certificate is not trusted: "
                            + tls.reason()
                            + ". If it is the right one, give its authority in tls.caPem, or pin its key as"
                            + " below.");
        }
        if (request.username() == null) {
            LoginAdvice.forProvider(endpoint.host()).ifPresent(this::say);
        }
        if (request.protocol() == Protocol.IMAP) {
            imap(capabilities);
        } else if (pop3 != null) {
            pop3(pop3);
        }
        if (proofs != null && proofs.approximate()) {
            say(
                    "The server gives no UIDs that last, so new mail is counted by "
                            + (proofs.counted().equals("sizes") ? "sizes" : "headers")
                            + ": counts are approximate.");
        }
        return List.copyOf(sentences);
    }

    private void imap(List<String> capabilities) {
        if (capabilities.isEmpty()) {
            return;
        }
        say(
                capabilities.contains("IDLE")
                        ? "New mail is announced at once by IDLE; one connection stays open for each account."
                        : "The server has no IDLE: new mail is found when the mailbox is polled"
                                + " (polling.imap.interval, or watch.interval of the account).");
    }

    private void pop3(ProbeReport.Pop3 pop3) {
        say(
                "POP3 pushes nothing: new mail is found when the maildrop is polled"
                        + " (polling.pop3.interval, or watch.interval of the account).");
        if (pop3.loginDelaySeconds() > 0) {
            say(
                    "The server allows one login in "
                            + pop3.loginDelaySeconds()
                            + " s (LOGIN-DELAY); the daemon keeps to it by itself.");
        }
        if (!pop3.expire().isEmpty() && !pop3.expire().startsWith("NEVER")) {
            say(
                    "The server removes messages by itself (EXPIRE "
                            + pop3.expire()
                            + "): a client should fetch them before.");
        }
    }

    private void say(String sentence) {
        sentences.add(sentence);
    }
}

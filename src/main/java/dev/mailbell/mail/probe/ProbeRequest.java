package dev.mailbell.mail.probe;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.Protocol;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What to probe.
 *
 * @param username null to stop before the login
 * @param credential null to stop before the login
 * @param mailbox the mailbox to check; POP3 knows only {@code INBOX}
 * @param timeout of everything together, at most an hour
 */
public record ProbeRequest(
        Protocol protocol,
        Endpoint endpoint,
        @Nullable String username,
        @Nullable Credential credential,
        String mailbox,
        Duration timeout) {

    /** The login of the daemon; empty to stop before it. */
    Optional<Login> login() {
        return username == null || credential == null
                ? Optional.empty()
                : Optional.of(
                        new Login(
                                protocol,
                                endpoint.host(),
                                endpoint.port(),
                                endpoint.security(),
                                username,
                                credential,
                                endpoint.tls(),
                                endpoint.egress(),
                                null,
                                false));
    }

    /** What must never be shown. */
    public List<String> secrets() {
        return switch (credential) {
            case Credential.Password(String password) -> List.of(password);
            case Credential.AccessToken(String token) -> List.of(token);
            case null -> List.of();
        };
    }
}

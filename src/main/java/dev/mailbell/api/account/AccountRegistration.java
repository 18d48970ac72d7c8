package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.api.request.Instants;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.UrlSyntax;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered;
import dev.mailbell.network.address.AddressGuard;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Turns drafts into accounts: fills in defaults and discovered servers, and refuses what the
 * operator's policy forbids.
 */
public final class AccountRegistration {
    private final AddressGuard guard;
    private final Function<String, Optional<String>> hostFaults;
    private final ServerSearch search;
    private final LoginSecrets secrets;
    private final InstantSource clock;

    public AccountRegistration(
            AddressGuard guard, ServerSearch search, LoginSecrets secrets, InstantSource clock) {
        this(guard, guard::check, search, secrets, clock);
    }

    private AccountRegistration(
            AddressGuard guard,
            Function<String, Optional<String>> hostFaults,
            ServerSearch search,
            LoginSecrets secrets,
            InstantSource clock) {
        this.guard = guard;
        this.hostFaults = hostFaults;
        this.search = search;
        this.secrets = secrets;
        this.clock = clock;
    }

    /**
     * The same for the accounts of one request, of which each host is looked up once. For use within
     * the request alone: an answer is never asked for again.
     */
    AccountRegistration rememberingHosts() {
        return new AccountRegistration(
                guard, new HostFaults(guard::check)::of, search, secrets, clock);
    }

    /** A draft with its defaults filled in. */
    record Resolved(AccountDraft draft, MailSettings mail, LoginSecret secret) {}

    /**
     * Fills in what the draft leaves out.
     *
     * @throws ProblemException 400 when no mail server is found; 422 when policy refuses the result
     */
    Resolved resolve(AccountDraft draft) {
        LoginDraft login = draft.login();
        MailSettings mail = login.host() == null ? discovered(draft) : given(draft, login.host());
        LoginSecret secret = login.secret();
        if (secret == null) {
            throw new IllegalStateException("a draft without a secret passed the reader");
        }
        requireAllowed(mail, secret);
        return new Resolved(draft, mail, secret);
    }

    private static MailSettings given(AccountDraft draft, String host) {
        LoginDraft login = draft.login();
        Security security = login.security() == null ? Security.TLS : login.security();
        return settings(
                login, host, login.protocol().defaultPort(security), security, draft.address());
    }

    private MailSettings discovered(AccountDraft draft) {
        LoginDraft login = draft.login();
        return switch (search.find(draft.address(), login.protocol())) {
            case Discovered.Found found -> {
                Security security = login.security() == null ? found.security() : login.security();
                int port =
                        security == found.security()
                                ? found.port()
                                : login.protocol().defaultPort(security);
                yield settings(login, found.host(), port, security, found.username());
            }
            case Discovered.NotFound(String message) ->
                    throw new ProblemException(Problem.invalid("mail.host", message));
        };
    }

    private static MailSettings settings(
            LoginDraft login, String host, int port, Security security, String username) {
        return new MailSettings(
                login.protocol(),
                host,
                login.port() == null ? port : login.port(),
                security,
                login.username() == null ? username : login.username(),
                auth(login.secret()),
                login.tls(),
                login.egress());
    }

    private static Auth auth(@Nullable LoginSecret secret) {
        return switch (secret) {
            case LoginSecret.OAuth2 _ -> Auth.OAUTH2;
            case LoginSecret.Missing _ -> Auth.NONE;
            case null, default -> Auth.PASSWORD;
        };
    }

    private void requireAllowed(MailSettings mail, LoginSecret secret) {
        if (mail.security() == Security.NONE && !guard.allowsCleartext(mail.host())) {
            throw new ProblemException(
                    Problem.refused(
                            "cleartext-refused",
                            "mail.security: the operator does not allow clear text to this host"
                                    + " (network.allowCleartext); use tls or starttls"));
        }
        requireAllowedHost("mail.host", mail.host());
        if (secret instanceof LoginSecret.OAuth2 grant && grant.tokenUrl() != null) {
            requireAllowedTokenUrl(URI.create(grant.tokenUrl()));
        }
    }

    private void requireAllowedTokenUrl(URI url) {
        String host = UrlSyntax.host(url);
        if (UrlSyntax.isCleartext(url) && !guard.allowsCleartext(host)) {
            throw new ProblemException(
                    Problem.refused(
                            "cleartext-refused",
                            "mail.oauth2.tokenUrl must begin with https://; the operator does not"
                                    + " allow clear text to this host"));
        }
        requireAllowedHost("mail.oauth2.tokenUrl", host);
    }

    private void requireAllowedHost(String field, String host) {
        Optional<String> blocked = hostFaults.apply(host);
        if (blocked.isPresent()) {
            throw new ProblemException(
                    Problem.refused("blocked-address", field + ": " + blocked.get()));
        }
    }

    /** A new account, not yet stored. */
    Account account(UUID clientId, Resolved resolved) {
        UUID id = Ids.next();
        Instant now = now();
        AccountDraft draft = resolved.draft();
        return new Account(
                id,
                clientId,
                draft.ref(),
                draft.address(),
                resolved.mail(),
                secrets.seal(resolved.secret(), id),
                draft.mailboxes(),
                draft.watch(),
                draft.labels(),
                AccountState.CONNECTING,
                now,
                null,
                null,
                now,
                now);
    }

    /**
     * The account after a draft replaces its settings.
     *
     * @param before the secret so far, to detect a change
     */
    Account changed(Account account, Resolved resolved, LoginSecret before) {
        // Always later than before: a concurrent change is detected by updatedAt.
        Instant now = Instants.later(now(), account.updatedAt().plusMillis(1));
        AccountDraft draft = resolved.draft();
        boolean sameSecret = resolved.secret().equals(before);
        boolean sameMail = sameSecret && resolved.mail().equals(account.mail());
        // A paused account stays paused: its new settings are tried when it is resumed.
        boolean reconnect = !sameMail && account.state() != AccountState.PAUSED;
        return new Account(
                account.id(),
                account.clientId(),
                draft.ref(),
                draft.address(),
                resolved.mail(),
                sameSecret ? account.credential() : secrets.seal(resolved.secret(), account.id()),
                draft.mailboxes(),
                draft.watch(),
                draft.labels(),
                reconnect ? AccountState.CONNECTING : account.state(),
                reconnect ? now : account.stateSince(),
                reconnect ? null : account.failure(),
                account.lastCheckedAt(),
                account.createdAt(),
                now);
    }

    /** Whether the settings name another login, for whose mailboxes the old marks mean nothing. */
    static boolean isOtherLogin(MailSettings before, MailSettings after) {
        return before.protocol() != after.protocol()
                || !before.host().equals(after.host())
                || !before.username().equals(after.username());
    }

    /** Truncated to milliseconds, as the database stores it. */
    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}

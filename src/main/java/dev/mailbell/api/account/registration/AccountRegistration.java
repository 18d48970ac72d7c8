package dev.mailbell.api.account.registration;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.GuardedUrls;
import dev.mailbell.api.request.Instants;
import dev.mailbell.event.Ids;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.oauth.OAuthApps;
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
    private final ServerSearch search;
    private final LoginSecrets secrets;
    private final AppPolicy apps;
    private final GuardedUrls urls;
    private final InstantSource clock;

    public AccountRegistration(
            AddressGuard guard,
            ServerSearch search,
            LoginSecrets secrets,
            AppPolicy apps,
            InstantSource clock) {
        this(guard, guard::check, search, secrets, apps, clock);
    }

    private AccountRegistration(
            AddressGuard guard,
            Function<String, Optional<String>> hostFaults,
            ServerSearch search,
            LoginSecrets secrets,
            AppPolicy apps,
            InstantSource clock) {
        this.guard = guard;
        this.search = search;
        this.secrets = secrets;
        this.apps = apps;
        this.urls = new GuardedUrls(guard, hostFaults);
        this.clock = clock;
    }

    /**
     * The same for the accounts of one request, of which each host is looked up once. For use
     * within the request alone: an answer is never asked for again.
     */
    public AccountRegistration rememberingHosts() {
        return new AccountRegistration(
                guard, new HostFaults(guard::check)::of, search, secrets, apps, clock);
    }

    /** A draft with its defaults filled in. */
    public record Resolved(AccountDraft draft, MailSettings mail, LoginSecret secret) {}

    /**
     * Fills in what the draft leaves out.
     *
     * @throws ProblemException 400 when no mail server is found; 422 when policy refuses the result
     */
    public Resolved resolve(AccountDraft draft) {
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
            case null -> Auth.PASSWORD;
            case LoginSecret.Password _ -> Auth.PASSWORD;
            case LoginSecret.Missing _ -> Auth.NONE;
            case LoginSecret.OAuth2 _, LoginSecret.App _, LoginSecret.TokenEndpoint _ ->
                    Auth.OAUTH2;
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
        urls.requireAllowedHost("mail.host", mail.host());
        if (secret instanceof LoginSecret.OAuth2 grant && grant.tokenUrl() != null) {
            urls.requireAllowed("mail.oauth2.tokenUrl", URI.create(grant.tokenUrl()));
        }
        if (secret instanceof LoginSecret.TokenEndpoint endpoint) {
            urls.requireAllowed("mail.oauth2.tokenEndpoint", URI.create(endpoint.url()));
        }
    }

    /**
     * A new account, not yet stored. It is parked from the start if its owner has to consent first.
     *
     * @throws ProblemException 400 when the app does not fit the login; 422 when the app does not
     *     allow its tokens at the mail server
     */
    public Account account(UUID clientId, Resolved resolved) {
        apps.requireFits(clientId, resolved.mail(), resolved.secret());
        UUID id = Ids.next();
        Instant now = now();
        AccountDraft draft = resolved.draft();
        boolean waits = apps.waitsForConsent(clientId, resolved.secret());
        return new Account(
                id,
                clientId,
                draft.ref(),
                draft.address(),
                resolved.mail(),
                secrets.seal(resolved.secret(), id),
                resolved.secret().appId(),
                draft.mailboxes(),
                draft.watch(),
                draft.labels(),
                waits ? AccountState.PARKED : AccountState.CONNECTING,
                now,
                waits ? new Failure(FailureCode.TOKEN_REFUSED, OAuthApps.NO_CONSENT, now, 1) : null,
                null,
                now,
                now);
    }

    /**
     * The account after a draft replaces its settings.
     *
     * @param before the secret so far, to detect a change
     */
    public Account changed(Account account, Resolved resolved, LoginSecret before) {
        apps.requireFits(account.clientId(), resolved.mail(), resolved.secret());
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
                resolved.secret().appId(),
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
    public static boolean isOtherLogin(MailSettings before, MailSettings after) {
        return before.protocol() != after.protocol()
                || !before.host().equals(after.host())
                || !before.username().equals(after.username());
    }

    /** Truncated to milliseconds, as the database stores it. */
    public Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}

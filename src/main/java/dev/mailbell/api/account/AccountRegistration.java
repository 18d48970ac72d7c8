package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.UrlSyntax;
import dev.mailbell.api.request.ViewFormats;
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

/** Makes accounts of drafts: fills in what was left out, and refuses what policy forbids. */
public final class AccountRegistration {
    private final AddressGuard guard;
    private final ServerSearch search;
    private final LoginSecrets secrets;
    private final InstantSource clock;

    public AccountRegistration(
            AddressGuard guard, ServerSearch search, LoginSecrets secrets, InstantSource clock) {
        this.guard = guard;
        this.search = search;
        this.secrets = secrets;
        this.clock = clock;
    }

    /** A draft with everything decided. */
    record Decided(AccountDraft draft, MailSettings mail, LoginSecret secret) {}

    /**
     * Fills in what was left out.
     *
     * @throws ProblemException 400 where it cannot be; 422 where policy refuses the result
     */
    Decided decide(AccountDraft draft) {
        LoginDraft login = draft.login();
        MailSettings mail = login.host() == null ? discovered(draft) : given(draft, login.host());
        LoginSecret secret = login.secret();
        if (secret == null) {
            throw new IllegalStateException("a draft without a secret passed the reader");
        }
        refuse(mail, secret);
        return new Decided(draft, mail, secret);
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
                login.secret() instanceof LoginSecret.OAuth2 ? Auth.OAUTH2 : Auth.PASSWORD,
                login.verifyCertificate(),
                login.caPem());
    }

    private void refuse(MailSettings mail, LoginSecret secret) {
        if (mail.security() == Security.NONE && !guard.allowsCleartext(mail.host())) {
            throw new ProblemException(
                    Problem.refused(
                            "cleartext-refused",
                            "mail.security: the operator does not allow clear text to this host"
                                    + " (network.allowCleartext); use tls or starttls"));
        }
        refuseHost("mail.host", mail.host());
        if (secret instanceof LoginSecret.OAuth2 grant && grant.tokenUrl() != null) {
            refuseTokenUrl(URI.create(grant.tokenUrl()));
        }
    }

    private void refuseTokenUrl(URI url) {
        String host = UrlSyntax.host(url);
        if (UrlSyntax.isCleartext(url) && !guard.allowsCleartext(host)) {
            throw new ProblemException(
                    Problem.refused(
                            "cleartext-refused",
                            "mail.oauth2.tokenUrl must begin with https://; the operator does not"
                                    + " allow clear text to this host"));
        }
        refuseHost("mail.oauth2.tokenUrl", host);
    }

    private void refuseHost(String field, String host) {
        Optional<String> blocked = guard.check(host);
        if (blocked.isPresent()) {
            throw new ProblemException(
                    Problem.refused("blocked-address", field + ": " + blocked.get()));
        }
    }

    /** A new account, not yet stored. */
    Account account(UUID clientId, Decided decided) {
        UUID id = Ids.next();
        Instant now = now();
        AccountDraft draft = decided.draft();
        return new Account(
                id,
                clientId,
                draft.ref(),
                draft.address(),
                decided.mail(),
                secrets.seal(decided.secret(), id),
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
     * The account as it becomes when the draft replaces what a client said of it before.
     *
     * @param before the login as it was, to tell whether it changed
     */
    Account changed(Account account, Decided decided, LoginSecret before) {
        // Later than before in any case: who changes an account tells by it that nobody else did.
        Instant now = ViewFormats.later(now(), account.updatedAt().plusMillis(1));
        AccountDraft draft = decided.draft();
        boolean sameSecret = decided.secret().equals(before);
        boolean sameLogin = sameSecret && decided.mail().equals(account.mail());
        // A paused account stays so: its new login is tried when it is resumed.
        boolean again = !sameLogin && account.state() != AccountState.PAUSED;
        return new Account(
                account.id(),
                account.clientId(),
                draft.ref(),
                draft.address(),
                decided.mail(),
                sameSecret ? account.credential() : secrets.seal(decided.secret(), account.id()),
                draft.mailboxes(),
                draft.watch(),
                draft.labels(),
                again ? AccountState.CONNECTING : account.state(),
                again ? now : account.stateSince(),
                again ? null : account.failure(),
                account.lastCheckedAt(),
                account.createdAt(),
                now);
    }

    /** Whether the login leads to other mail than before, where old marks mean nothing. */
    static boolean leadsElsewhere(MailSettings before, MailSettings after) {
        return before.protocol() != after.protocol()
                || !before.host().equals(after.host())
                || !before.username().equals(after.username());
    }

    /** To the millisecond, so that an answer shows what the database will. */
    Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}

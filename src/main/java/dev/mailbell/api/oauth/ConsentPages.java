package dev.mailbell.api.oauth;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.Routes;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.CodeExchange;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.network.Deadline;
import dev.mailbell.oauth.ConsentStore;
import dev.mailbell.oauth.ConsentStore.Consent;
import dev.mailbell.oauth.OAuthApp;
import dev.mailbell.oauth.OAuthApps;
import io.javalin.http.Context;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of a consent: the link sends the owner's browser to the provider, and the provider
 * sends it back to the callback with a code, which is traded for the account's grant.
 */
final class ConsentPages {
    private static final Logger LOG = LoggerFactory.getLogger(ConsentPages.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Longer than an exchange takes. */
    private static final Duration CLAIM = Duration.ofSeconds(30);

    private static final int MAX_CODE_LENGTH = 4_096;
    private static final Pattern ERROR_CODE = Pattern.compile("[a-z_]{1,64}");

    private final ConsentLinks links;
    private final ConsentStore consents;
    private final ConsentedAccounts accounts;
    private final OAuthApps apps;
    private final CodeExchange codes;
    private final ConsentCookies cookies;
    private final InstantSource clock;

    ConsentPages(
            ConsentLinks links,
            ConsentStore consents,
            ConsentedAccounts accounts,
            OAuthApps apps,
            CodeExchange codes,
            InstantSource clock) {
        this.links = links;
        this.consents = consents;
        this.accounts = accounts;
        this.apps = apps;
        this.codes = codes;
        this.cookies = new ConsentCookies(links.areSecure());
        this.clock = clock;
    }

    void addTo(Routes routes) {
        routes.getWithoutKey(ConsentLinks.START + "{token}", this::start);
        routes.getWithoutKey(ConsentLinks.CALLBACK, this::callback);
    }

    /** An open consent with what it is about. */
    private record Open(Consent consent, Account account, OAuthApp app) {}

    /** Ends a request with a page. */
    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient ConsentPage page;

        Refused(int status, String title, String text) {
            super(title, null, false, false);
            this.page = new ConsentPage(status, title, text);
        }
    }

    private interface Step {
        void run();
    }

    private static void answer(Context context, Step step) {
        try {
            step.run();
        } catch (Refused e) {
            e.page.write(context);
        }
    }

    private void start(Context context) {
        answer(context, () -> open(context, context.pathParam("token")));
    }

    private void open(Context context, String token) {
        Open open = requireOpen(ConsentToken.isToken(token) ? token : "");
        // A browser that opens the link again can still end what it began before.
        ConsentToken browser =
                cookies.read(context, ConsentToken.tag(token))
                        .filter(present -> present.token().equals(token))
                        .orElseGet(() -> new ConsentToken(token, ConsentToken.random()));
        cookies.set(
                context,
                browser,
                Duration.between(clock.instant(), open.consent().expiresAt()).toSeconds() + 1);
        context.header(
                "Location",
                links.authorization(open.app(), open.account().mail(), browser).toString());
        context.status(303);
    }

    private Open requireOpen(String token) {
        Consent consent =
                Optional.of(token)
                        .filter(text -> !text.isEmpty())
                        .flatMap(text -> consents.find(ConsentToken.hash(text)))
                        .orElseThrow(() ->
                                new Refused(
                                        404,
                                        "This link is not valid",
                                        "It was replaced by a newer one, or the mailbox was"
                                                + " removed. Ask for a new link."));
        if (consent.usedAt() != null) {
            throw new Refused(
                    410,
                    "This link was used already",
                    "It works once. If the mailbox is not connected, ask for a new link.");
        }
        if (!clock.instant().isBefore(consent.expiresAt())) {
            throw new Refused(
                    410, "This link has expired", "It works for 15 minutes. Ask for a new link.");
        }
        Optional<Account> account = accounts.find(consent);
        Optional<OAuthApp> app =
                apps.store()
                        .find(consent.clientId(), consent.appId())
                        .filter(OAuthApp::allowsConsent);
        if (account.isEmpty() || app.isEmpty()) {
            throw changed();
        }
        return new Open(consent, account.get(), app.get());
    }

    private static Refused changed() {
        return new Refused(
                410,
                "This link is not valid any more",
                "The mailbox was removed or its settings were changed. Ask for a new link.");
    }

    private void callback(Context context) {
        answer(context, () -> end(context));
    }

    private void end(Context context) {
        String state = parameter(context, "state").orElse("");
        ConsentToken browser =
                ConsentToken.tagOf(state)
                        .flatMap(tag -> cookies.read(context, tag))
                        .filter(token -> token.hasState(state))
                        .orElseThrow(() ->
                                new Refused(
                                        403,
                                        "Access was not granted in this browser",
                                        "Open the link and grant access in the same browser, with"
                                                + " cookies allowed."));
        Open open = requireOpen(browser.token());
        requireIssuer(parameter(context, "iss").orElse(null), open.app());
        parameter(context, "error").ifPresent(error -> refuse(open, error));
        String code =
                parameter(context, "code")
                        .filter(text -> text.length() <= MAX_CODE_LENGTH)
                        .orElseThrow(() ->
                                new Refused(
                                        400,
                                        "The provider's answer cannot be read",
                                        "It has no code. Open the link again."));
        Instant now = clock.instant();
        if (!consents.claim(browser.hash(), now, now.plus(CLAIM))) {
            throw new Refused(
                    409,
                    "The mailbox is being connected",
                    "Another request with this link is under way.");
        }
        boolean done = false;
        try {
            String refreshToken = exchange(open, code, browser);
            done = accounts.grant(open.consent(), refreshToken, browser.hash());
        } finally {
            if (!done) {
                consents.release(browser.hash());
            }
        }
        if (!done) {
            throw changed();
        }
        LOG.info("account {}: its owner has granted access", open.account().id());
        cookies.remove(context, browser);
        new ConsentPage(
                        200,
                        "The mailbox is connected",
                        "Access to "
                                + open.account().address()
                                + " was granted. You can close this page.")
                .write(context);
    }

    private String exchange(Open open, String code, ConsentToken browser) {
        CodeGrant grant =
                new CodeGrant(
                        apps.open(open.app()).client(),
                        open.app().tokenEndpoint(),
                        code,
                        links.redirectUrl(open.app()),
                        browser.verifier());
        try {
            return codes.refreshToken(grant, Deadline.after(PATIENCE))
                    .orElseThrow(() ->
                            new Refused(
                                    422,
                                    "The provider gave no lasting access",
                                    "It issued no refresh token: the scope of the app must ask for"
                                            + " offline access."));
        } catch (MailFailure e) {
            LOG.info(
                    "account {}: the code of its owner's consent was not accepted ({}: {})",
                    open.account().id(),
                    e.code().wireName(),
                    e.getMessage());
            throw new Refused(
                    422,
                    "The provider did not grant access",
                    "Open the link again, or report this: " + e.getMessage());
        }
    }

    /**
     * RFC 9207: another provider's answer must not end at this app's token endpoint. Providers that
     * do not name themselves pass.
     */
    private static void requireIssuer(@Nullable String issuer, OAuthApp app) {
        if (issuer == null) {
            return;
        }
        String expected = app.authorizationEndpoint().map(URI::getHost).orElse("");
        String host;
        try {
            host = String.valueOf(URI.create(issuer).getHost());
        } catch (IllegalArgumentException e) {
            host = "";
        }
        if (!host.equalsIgnoreCase(expected)) {
            throw new Refused(
                    400,
                    "The answer is of another provider",
                    "It does not name the provider of this link. Open the link again.");
        }
    }

    private static void refuse(Open open, String error) {
        String code = ERROR_CODE.matcher(error).matches() ? error : "unknown";
        LOG.info("account {}: consent ended with the error {}", open.account().id(), code);
        if (code.equals("access_denied")) {
            throw new Refused(
                    403,
                    "Access was not granted",
                    "Nothing was changed. Open the link again if you want to grant access.");
        }
        throw new Refused(
                422,
                "The provider did not grant access",
                "It answered with the error " + code + ". Open the link again, or report this.");
    }

    /** The value of a parameter that occurs once. */
    private static Optional<String> parameter(Context context, String name) {
        var values = context.queryParams(name);
        return values.size() == 1 && !values.getFirst().isEmpty()
                ? Optional.of(values.getFirst())
                : Optional.empty();
    }
}

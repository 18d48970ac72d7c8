package dev.mailbell.api.account.registration;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.request.UrlSyntax;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.network.Host;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsTrust;
import dev.mailbell.secret.Signer;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the {@code mail} object of an account. */
final class LoginReader {
    private static final Map<String, Protocol> PROTOCOLS = EnumNames.byName(Protocol.class);
    private static final Map<String, Security> SECURITIES = EnumNames.byName(Security.class);
    private static final Map<String, String> PROVIDERS =
            Map.of("google", "google", "microsoft", "microsoft", "custom", "custom");
    private static final int MAX_PEM_LENGTH = 256 * 1024;
    private static final int MAX_SECRET_LENGTH = 8_192;

    /** As long as one that a provider gives: a patch reads the stored one again. */
    private static final int MAX_TOKEN_LENGTH = 16 * 1024;

    /** Its Base64 form fits into a line of 8,192 octets, which mail servers accept. */
    private static final int MAX_PASSWORD_LENGTH = 4_096;

    private static final int MAX_NAME_LENGTH = 255;

    /**
     * One in use, one for the next key, and room for servers of one name with keys of their own.
     */
    private static final int MAX_PINS = 4;

    private static final int MAX_PIN_LENGTH = 100;

    /** Stands for an id with an error. */
    private static final UUID NO_APP = new UUID(0, 0);

    private LoginReader() {}

    /**
     * @param withoutSecret whether the secret may be missing
     */
    static LoginDraft read(Fields mail, RequestPolicy policy, boolean withoutSecret) {
        Protocol protocol = mail.oneOf("protocol", PROTOCOLS).orElse(Protocol.IMAP);
        String host = mail.line("host", 506).flatMap(text -> host(mail, text)).orElse(null);
        Integer port = mail.integer("port", 1, 65_535).map(Long::intValue).orElse(null);
        Security security = mail.oneOf("security", SECURITIES).orElse(null);
        String username = mail.line("username", MAX_NAME_LENGTH).orElse(null);
        LoginSecret secret = secret(mail, withoutSecret);
        TlsTrust tls = mail.object("tls").map(LoginReader::tls).orElse(new TlsTrust(true, null));
        String egress = mail.line("egress", MAX_NAME_LENGTH).orElse(null);
        if (egress != null && !policy.isWayOut(egress)) {
            mail.error(
                    "egress",
                    "the operator has configured no way out of this name (network.egress)");
        }
        mail.rejectUnknown();
        return new LoginDraft(protocol, host, port, security, username, secret, tls, egress);
    }

    private static TlsTrust tls(Fields tls) {
        boolean verify = tls.bool("verify").orElse(true);
        String caPem = caPem(tls).orElse(null);
        List<KeyPin> pins = pins(tls);
        tls.rejectUnknown();
        return new TlsTrust(verify, caPem, pins);
    }

    private static List<KeyPin> pins(Fields tls) {
        List<String> texts = tls.lines("pinSha256", 1, MAX_PINS, MAX_PIN_LENGTH).orElse(List.of());
        SequencedSet<KeyPin> pins = new LinkedHashSet<>();
        for (String text : texts) {
            try {
                pins.add(KeyPin.parse(text));
            } catch (IllegalArgumentException e) {
                tls.error("pinSha256", String.valueOf(e.getMessage()));
            }
        }
        return List.copyOf(pins);
    }

    private static Optional<String> host(Fields mail, String text) {
        try {
            return Optional.of(Host.of(text).toString());
        } catch (IllegalArgumentException e) {
            mail.error("host", String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static @Nullable LoginSecret secret(Fields mail, boolean mayBeMissing) {
        boolean password = mail.has("password");
        boolean oauth2 = mail.has("oauth2");
        if (password && oauth2) {
            mail.error("password", "give either password or oauth2, not both");
        } else if (!password && !oauth2 && mayBeMissing) {
            return new LoginSecret.Missing();
        } else if (!password && !oauth2) {
            mail.error("password", "is required, unless there is oauth2");
        }
        if (password) {
            return mail.line("password", MAX_PASSWORD_LENGTH)
                    .map(LoginSecret.Password::new)
                    .orElse(null);
        }
        return mail.object("oauth2").map(LoginReader::grant).orElse(null);
    }

    private static LoginSecret grant(Fields oauth2) {
        if (oauth2.has("app")) {
            return ofApp(oauth2);
        }
        return oauth2.has("tokenEndpoint") ? ofEndpoint(oauth2) : ownGrant(oauth2);
    }

    private static LoginSecret ofApp(Fields oauth2) {
        Optional<UUID> app = oauth2.line("app", 100).flatMap(Uuids::parse);
        if (app.isEmpty()) {
            oauth2.error("app", "must be an id, a UUID");
        }
        String refreshToken = oauth2.line("refreshToken", MAX_TOKEN_LENGTH).orElse(null);
        oauth2.requireAscii("refreshToken", refreshToken);
        String subject = oauth2.line("subject", MAX_NAME_LENGTH).orElse(null);
        String scope = oauth2.line("scope", 2_000).orElse(null);
        oauth2.requireAscii("scope", scope);
        oauth2.rejectUnknown();
        return new LoginSecret.App(app.orElse(NO_APP), refreshToken, subject, scope);
    }

    private static LoginSecret ofEndpoint(Fields oauth2) {
        String url =
                oauth2.line("tokenEndpoint", UrlSyntax.MAX_LENGTH)
                        .flatMap(text ->
                                UrlSyntax.read(
                                        text, message -> oauth2.error("tokenEndpoint", message)))
                        .map(Object::toString)
                        .orElse("");
        String secret = oauth2.requiredLine("signingSecret", 200);
        if (!secret.isEmpty() && !Signer.isSecret(secret)) {
            oauth2.error("signingSecret", "must be whsec_ and the base64 of 24 to 64 bytes");
        }
        oauth2.rejectUnknown();
        return new LoginSecret.TokenEndpoint(url, secret);
    }

    private static LoginSecret ownGrant(Fields oauth2) {
        oauth2.require("provider");
        Optional<String> provider = oauth2.oneOf("provider", PROVIDERS);
        String clientId = oauth2.requiredLine("clientId", 1_000);
        String clientSecret = oauth2.line("clientSecret", MAX_SECRET_LENGTH).orElse(null);
        String refreshToken = oauth2.requiredLine("refreshToken", MAX_TOKEN_LENGTH);
        boolean tokenUrlGiven = oauth2.has("tokenUrl");
        String tokenUrl =
                oauth2.line("tokenUrl", UrlSyntax.MAX_LENGTH)
                        .flatMap(text ->
                                UrlSyntax.read(text, message -> oauth2.error("tokenUrl", message)))
                        .map(Object::toString)
                        .orElse(null);
        if (provider.equals(Optional.of("custom")) && !tokenUrlGiven) {
            oauth2.error("tokenUrl", "is required when provider is custom");
        }
        String scope = oauth2.line("scope", 2_000).orElse(null);
        oauth2.rejectUnknown();
        requireUsable(
                oauth2,
                provider.orElse(null),
                clientId,
                clientSecret,
                refreshToken,
                tokenUrl,
                scope);
        return new LoginSecret.OAuth2(
                provider.orElse(""), clientId, clientSecret, refreshToken, tokenUrl, scope);
    }

    /** A grant that no token request can carry would fail at every check. */
    private static void requireUsable(
            Fields oauth2,
            @Nullable String provider,
            String clientId,
            @Nullable String clientSecret,
            String refreshToken,
            @Nullable String tokenUrl,
            @Nullable String scope) {
        Set<String> absent = new HashSet<>();
        Map<String, Optional<String>> members =
                Map.of(
                        "provider", Optional.ofNullable(provider),
                        "clientId", Optional.of(clientId),
                        "clientSecret", Optional.ofNullable(clientSecret),
                        "refreshToken", Optional.of(refreshToken),
                        "tokenUrl", Optional.ofNullable(tokenUrl),
                        "scope", Optional.ofNullable(scope));
        // Errors of absent and unreadable members have been added.
        members.forEach((name, value) -> {
            if (value.orElse("").isEmpty()) {
                absent.add(name);
            }
        });
        for (OAuthGrant.Fault fault :
                OAuthGrant.faults(
                        provider, clientId, clientSecret, refreshToken, tokenUrl, scope)) {
            if (!absent.contains(fault.field())) {
                oauth2.error(fault.field(), fault.message());
            }
        }
    }

    private static Optional<String> caPem(Fields tls) {
        Optional<String> pem = tls.text("caPem", MAX_PEM_LENGTH);
        if (pem.isPresent()) {
            try {
                TlsContexts.requireCaPem(pem.get(), "caPem");
            } catch (IllegalArgumentException e) {
                tls.error("caPem", String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        }
        return pem;
    }
}

package dev.mailbell.api.account;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.UrlSyntax;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Host;
import dev.mailbell.network.tls.TlsContexts;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the {@code mail} object of an account. */
final class LoginReader {
    private static final Map<String, Protocol> PROTOCOLS = EnumNames.all(Protocol.class);
    private static final Map<String, Security> SECURITIES = EnumNames.all(Security.class);
    private static final Map<String, String> PROVIDERS =
            Map.of("google", "google", "microsoft", "microsoft", "custom", "custom");
    private static final int LONGEST_PEM = 256 * 1024;
    private static final int LONGEST_SECRET = 8_192;

    /** In base64 it fits into a line of 8,192 octets, which is what mail servers read. */
    private static final int LONGEST_PASSWORD = 4_096;

    private static final int LONGEST_NAME = 255;

    private LoginReader() {}

    static LoginDraft read(Fields mail) {
        Protocol protocol = mail.oneOf("protocol", PROTOCOLS).orElse(Protocol.IMAP);
        String host = mail.line("host", 506).flatMap(text -> host(mail, text)).orElse(null);
        Integer port = mail.integer("port", 1, 65_535).map(Long::intValue).orElse(null);
        Security security = mail.oneOf("security", SECURITIES).orElse(null);
        String username = mail.line("username", LONGEST_NAME).orElse(null);
        LoginSecret secret = secret(mail);
        Optional<Fields> tls = mail.object("tls");
        boolean verify = tls.flatMap(it -> it.bool("verify")).orElse(true);
        String caPem = tls.flatMap(LoginReader::caPem).orElse(null);
        tls.ifPresent(Fields::done);
        mail.done();
        return new LoginDraft(protocol, host, port, security, username, secret, verify, caPem);
    }

    private static Optional<String> host(Fields mail, String text) {
        try {
            return Optional.of(Host.of(text).toString());
        } catch (IllegalArgumentException e) {
            mail.fault("host", String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static @Nullable LoginSecret secret(Fields mail) {
        boolean password = mail.has("password");
        boolean oauth2 = mail.has("oauth2");
        if (password && oauth2) {
            mail.fault("password", "give either password or oauth2, not both");
        } else if (!password && !oauth2) {
            mail.fault("password", "is required, unless there is oauth2");
        }
        if (password) {
            return mail.line("password", LONGEST_PASSWORD)
                    .map(LoginSecret.Password::new)
                    .orElse(null);
        }
        return mail.object("oauth2").map(LoginReader::grant).orElse(null);
    }

    private static LoginSecret grant(Fields oauth2) {
        oauth2.require("provider");
        Optional<String> provider = oauth2.oneOf("provider", PROVIDERS);
        String clientId = oauth2.requiredLine("clientId", 1_000);
        String clientSecret = oauth2.line("clientSecret", LONGEST_SECRET).orElse(null);
        String refreshToken = oauth2.requiredLine("refreshToken", LONGEST_SECRET);
        boolean tokenUrlGiven = oauth2.has("tokenUrl");
        String tokenUrl =
                oauth2.line("tokenUrl", UrlSyntax.LONGEST)
                        .flatMap(text ->
                                UrlSyntax.read(text, message -> oauth2.fault("tokenUrl", message)))
                        .map(Object::toString)
                        .orElse(null);
        if (provider.equals(Optional.of("custom")) && !tokenUrlGiven) {
            oauth2.fault("tokenUrl", "is required when provider is custom");
        }
        String scope = oauth2.line("scope", 2_000).orElse(null);
        oauth2.done();
        return new LoginSecret.OAuth2(
                provider.orElse(""), clientId, clientSecret, refreshToken, tokenUrl, scope);
    }

    private static Optional<String> caPem(Fields tls) {
        Optional<String> pem = tls.text("caPem", LONGEST_PEM);
        if (pem.isPresent()) {
            try {
                TlsContexts.requireCaPem(pem.get(), "caPem");
            } catch (IllegalArgumentException e) {
                tls.fault("caPem", String.valueOf(e.getMessage()));
                return Optional.empty();
            }
        }
        return pem;
    }
}

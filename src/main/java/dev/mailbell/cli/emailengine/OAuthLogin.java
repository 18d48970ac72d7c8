package dev.mailbell.cli.emailengine;

import static dev.mailbell.cli.emailengine.ExportJson.isTrue;
import static dev.mailbell.cli.emailengine.ExportJson.text;

import dev.mailbell.cli.terminal.Printable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Converts a login by OAuth 2.0: the app by the operator's mapping, and the account's grant. */
final class OAuthLogin {
    static final String AUTHENTICATION_SERVER =
            "an authentication server gives its login: give Mailbell a token endpoint"
                    + " (docs/oauth.md, \"Your own token endpoint\") or the password";

    /** Apps that read mailboxes as themselves, without a grant of the mailbox's owner. */
    private static final Set<String> SERVICES = Set.of("gmailService", "outlookService");

    /** Scopes of grants that no mail server accepts. */
    private static final Set<String> API_SCOPES = Set.of("api", "pubsub");

    private static final Map<String, String> MICROSOFT_CLOUDS =
            Map.of(
                    "gcc-high", "outlook.office365.us",
                    "dod", "outlook-dod.office365.us",
                    "china", "partner.outlook.cn");

    private final Map<String, UUID> apps;

    OAuthLogin(Map<String, UUID> apps) {
        this.apps = apps;
    }

    void write(JsonNode account, ObjectNode mail, List<String> notes) {
        JsonNode oauth2 = account.path("oauth2");
        JsonNode auth = oauth2.path("auth");
        if (isTrue(oauth2, "useAuthServer")) {
            throw new NotCarriedException(AUTHENTICATION_SERVER);
        }
        if (!text(auth, "delegatedAccount").isEmpty()) {
            throw new NotCarriedException(
                    "it logs in by the grant of the account "
                            + Printable.of(text(auth, "delegatedAccount"))
                            + ": register it with a consent link or an app of the organisation"
                            + " (docs/oauth.md)");
        }
        String source = text(oauth2, "provider");
        String provider = provider(account);
        UUID app = apps.get(source);
        if (app == null) {
            throw new NotCarriedException(unmapped(source, provider));
        }
        String delegated = text(auth, "delegatedUser");
        String user = delegated.isEmpty() ? text(auth, "user") : delegated;
        if (user.isEmpty()) {
            throw new NotCarriedException("it names no user: its owner never signed in");
        }
        mail.put("host", host(account, provider));
        mail.put("username", user);
        ObjectNode login = mail.putObject("oauth2").put("app", app.toString());
        if (SERVICES.contains(provider)) {
            if (provider.equals("outlookService")) {
                notes.add("its app needs IMAP.AccessAsApp, since EmailEngine uses Graph alone");
            }
        } else if (isApi(account)) {
            notes.add(
                    "its grant is for the provider's API, not for IMAP: it is parked until its owner"
                            + " has followed a consent link");
        } else if (!oauth2.path("refreshToken").isString()) {
            notes.add(
                    "it has no refresh token: it is parked until its owner has followed a consent link");
        } else {
            login.put("refreshToken", Secrets.require(oauth2.path("refreshToken").stringValue()));
        }
    }

    private static String unmapped(String source, String provider) {
        if (source.isEmpty()) {
            return "it names no OAuth2 app: its owner never signed in";
        }
        return "it logs in by the OAuth2 app "
                + Printable.of(source)
                + (provider.isEmpty() ? "" : " (" + Printable.of(provider) + ")")
                + ": register that app here (POST /v1/oauth-apps) and give --app "
                + Printable.of(source)
                + "=ID";
    }

    /** The export holds the whole app; an answer of the API its kind alone. */
    private static String provider(JsonNode account) {
        String exported = text(account.path("_app"), "provider");
        return exported.isEmpty() ? text(account, "type") : exported;
    }

    private static boolean isApi(JsonNode account) {
        return isTrue(account, "isApi")
                || API_SCOPES.contains(text(account.path("_app"), "baseScopes"))
                || API_SCOPES.contains(text(account, "baseScopes"));
    }

    private static String host(JsonNode account, String provider) {
        String given = text(account.path("imap"), "host");
        if (!given.isEmpty()) {
            return given;
        }
        return switch (provider) {
            case "gmail", "gmailService" -> "imap.gmail.com";
            case "outlook", "outlookService" ->
                    MICROSOFT_CLOUDS.getOrDefault(
                            text(account.path("_app"), "cloud"), "outlook.office365.com");
            case "mailRu" -> "imap.mail.ru";
            default -> throw new NotCarriedException("it names no mail server");
        };
    }
}

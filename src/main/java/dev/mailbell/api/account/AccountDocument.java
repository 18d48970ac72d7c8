package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.api.request.DurationFormat;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.Json;
import java.time.Duration;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON that would register an account as it is, secrets included: the target of a merge patch.
 * It never leaves the process.
 */
public final class AccountDocument {
    private AccountDocument() {}

    public static ObjectNode of(Account account, LoginSecret secret) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("ref", account.ref());
        json.put("address", account.address());
        mail(json.putObject("mail"), account.mail(), secret);
        account.mailboxes().forEach(json.putArray("mailboxes")::add);
        ObjectNode watch = json.putObject("watch");
        watch.put("push", account.watch().push());
        Duration interval = account.watch().interval();
        watch.put("interval", interval == null ? null : DurationFormat.seconds(interval));
        watch.put("envelopes", account.watch().envelopes());
        ObjectNode labels = json.putObject("labels");
        account.labels().forEach(labels::put);
        return json;
    }

    private static void mail(ObjectNode json, MailSettings mail, LoginSecret secret) {
        json.put("protocol", EnumNames.of(mail.protocol()));
        json.put("host", mail.host());
        json.put("port", mail.port());
        json.put("security", EnumNames.of(mail.security()));
        json.put("username", mail.username());
        switch (secret) {
            case LoginSecret.Password(String value) -> json.put("password", value);
            case LoginSecret.Missing _ -> {}
            case LoginSecret.OAuth2 grant ->
                    json.putObject("oauth2")
                            .put("provider", grant.provider())
                            .put("clientId", grant.clientId())
                            .put("clientSecret", grant.clientSecret())
                            .put("refreshToken", grant.refreshToken())
                            .put("tokenUrl", grant.tokenUrl())
                            .put("scope", grant.scope());
            case LoginSecret.App grant ->
                    json.putObject("oauth2")
                            .put("app", grant.app().toString())
                            .put("refreshToken", grant.refreshToken())
                            .put("subject", grant.subject())
                            .put("scope", grant.scope());
            case LoginSecret.TokenEndpoint(String url, String signingSecret) ->
                    json.putObject("oauth2")
                            .put("tokenEndpoint", url)
                            .put("signingSecret", signingSecret);
        }
        json.put("egress", mail.egress());
        ObjectNode tls = json.putObject("tls");
        tls.put("verify", mail.tls().verify()).put("caPem", mail.tls().caPem());
        if (!mail.tls().pins().isEmpty()) {
            mail.tls().pins().forEach(pin -> tls.withArray("pinSha256").add(pin.base64()));
        }
    }

    /**
     * Removes what a patch replaces without naming it: the credential of the other kind, and a port
     * that was only the default of the changed protocol or security.
     */
    static void removeReplaced(ObjectNode document, ObjectNode patch, Account account) {
        if (!(patch.get("mail") instanceof ObjectNode mail)
                || !(document.get("mail") instanceof ObjectNode present)) {
            return;
        }
        boolean password = mail.hasNonNull("password");
        boolean oauth2 = mail.hasNonNull("oauth2");
        if (password && !oauth2) {
            present.remove("oauth2");
        } else if (oauth2 && !password) {
            present.remove("password");
        }
        if (mail.get("oauth2") instanceof ObjectNode given
                && present.get("oauth2") instanceof ObjectNode stored
                && isOtherKind(given, stored)) {
            present.remove("oauth2");
        }
        MailSettings before = account.mail();
        boolean changesDefaultPort = mail.has("protocol") || mail.has("security");
        if (changesDefaultPort
                && before.port() == before.protocol().defaultPort(before.security())) {
            present.remove("port");
        }
    }

    /**
     * Whether a patch names another source of tokens: another app, an endpoint, or a provider. The
     * refresh token of one app is never sent for another.
     */
    private static boolean isOtherKind(ObjectNode given, ObjectNode stored) {
        return given.hasNonNull("app") && !given.get("app").equals(stored.get("app"))
                || given.hasNonNull("tokenEndpoint") && !stored.has("tokenEndpoint")
                || given.hasNonNull("provider") && !stored.has("provider");
    }
}

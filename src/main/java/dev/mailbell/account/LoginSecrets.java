package dev.mailbell.account;

import dev.mailbell.secret.Keyring;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Turns what proves a login into what lies in its account's row, and back. */
public final class LoginSecrets {
    private static final JsonMapper JSON = new JsonMapper();

    private static final String MISSING = "missing";

    private final Keyring keyring;

    public LoginSecrets(Keyring keyring) {
        this.keyring = keyring;
    }

    /** What an account's encrypted login is bound to, so that it cannot be moved to another row. */
    public static String context(UUID accountId) {
        return "account/" + accountId + "/credential";
    }

    /** Encrypts a login for the account's row. */
    public byte[] seal(LoginSecret secret, UUID accountId) {
        Map<String, @Nullable String> members = new LinkedHashMap<>();
        switch (secret) {
            case LoginSecret.Password(String value) -> members.put("password", value);
            case LoginSecret.Missing _ -> members.put(MISSING, MISSING);
            case LoginSecret.OAuth2 grant -> {
                members.put("provider", grant.provider());
                members.put("clientId", grant.clientId());
                members.put("clientSecret", grant.clientSecret());
                members.put("refreshToken", grant.refreshToken());
                members.put("tokenUrl", grant.tokenUrl());
                members.put("scope", grant.scope());
            }
            case LoginSecret.App grant -> {
                members.put("app", grant.app().toString());
                members.put("refreshToken", grant.refreshToken());
                members.put("subject", grant.subject());
                members.put("scope", grant.scope());
            }
            case LoginSecret.TokenEndpoint(String url, String signingSecret) -> {
                members.put("tokenEndpoint", url);
                members.put("signingSecret", signingSecret);
            }
        }
        return keyring.encrypt(JSON.writeValueAsBytes(members), context(accountId));
    }

    /**
     * Decrypts the login of an account.
     *
     * @throws dev.mailbell.secret.KeyringException when no key of the keyset fits
     */
    public LoginSecret open(Account account) {
        byte[] plain = keyring.decryptBytes(account.credential(), context(account.id()));
        JsonNode members;
        try {
            members = JSON.readTree(new String(plain, StandardCharsets.UTF_8));
        } catch (JacksonException e) {
            // Without the cause: it quotes what was decrypted.
            throw new IllegalStateException(
                    "the stored login of account " + account.id() + " is not readable");
        }
        return read(members);
    }

    private static LoginSecret read(JsonNode members) {
        if (members.has(MISSING)) {
            return new LoginSecret.Missing();
        }
        String password = text(members, "password");
        if (password != null) {
            return new LoginSecret.Password(password);
        }
        String app = text(members, "app");
        if (app != null) {
            return new LoginSecret.App(
                    UUID.fromString(app),
                    text(members, "refreshToken"),
                    text(members, "subject"),
                    text(members, "scope"));
        }
        String endpoint = text(members, "tokenEndpoint");
        if (endpoint != null) {
            return new LoginSecret.TokenEndpoint(
                    endpoint, members.required("signingSecret").stringValue());
        }
        return new LoginSecret.OAuth2(
                members.required("provider").stringValue(),
                members.required("clientId").stringValue(),
                text(members, "clientSecret"),
                members.required("refreshToken").stringValue(),
                text(members, "tokenUrl"),
                text(members, "scope"));
    }

    private static @Nullable String text(JsonNode members, String name) {
        JsonNode value = members.get(name);
        return value == null || value.isNull() ? null : value.stringValue();
    }
}

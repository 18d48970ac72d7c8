package dev.mailbell.api.oauth;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.GuardedUrls;
import dev.mailbell.api.request.UrlSyntax;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.auth.grant.SigningKey;
import dev.mailbell.network.HostGlob;
import dev.mailbell.oauth.OAuthApp.Grant;
import dev.mailbell.oauth.OAuthApp.Proof;
import java.net.URI;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads the JSON of an app. */
final class OAuthAppReader {
    private static final Map<String, Provider> PROVIDERS = providers();
    private static final Map<String, Grant> GRANTS = Grant.byName();
    private static final Pattern TENANT = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,127}");

    /** Names of Microsoft for several tenants, which have no app-only access. */
    private static final Set<String> ALIASES = Set.of("common", "organizations", "consumers");

    private static final int MAX_ID_LENGTH = 1_000;
    private static final int MAX_SECRET_LENGTH = 8_192;
    private static final int MAX_KEY_LENGTH = 32 * 1024;
    private static final int MAX_HOSTS = 32;

    private final GuardedUrls urls;

    OAuthAppReader(GuardedUrls urls) {
        this.urls = urls;
    }

    private static Map<String, Provider> providers() {
        Map<String, Provider> byName = new LinkedHashMap<>();
        Arrays.stream(Provider.values()).forEach(it -> byName.put(it.wireName(), it));
        return byName;
    }

    /**
     * Reads and validates an app.
     *
     * @param stored how the app proves itself so far; {@code NONE} for a new one
     * @throws ProblemException 400 with every error; 422 when policy refuses a URL
     */
    OAuthAppDraft read(ObjectNode json, Proof stored) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String name = fields.line("name", 255).orElse(null);
        fields.require("provider");
        Optional<Provider> provider = fields.oneOf("provider", PROVIDERS);
        Grant grant = fields.oneOf("grant", GRANTS).orElse(Grant.REFRESH_TOKEN);
        String clientId = fields.requiredLine("clientId", MAX_ID_LENGTH);
        fields.requireAscii("clientId", clientId);
        String clientSecret = fields.line("clientSecret", MAX_SECRET_LENGTH).orElse(null);
        fields.requireAscii("clientSecret", clientSecret);
        String keyId = fields.line("keyId", 255).orElse(null);
        String privateKey = privateKey(fields, keyId);
        String tenant = fields.line("tenant", 128).orElse(null);
        String authorizationUrl = url(fields, "authorizationUrl");
        String tokenUrl = url(fields, "tokenUrl");
        String redirectUrl = url(fields, "redirectUrl");
        String scope = fields.line("scope", 2_000).orElse(null);
        fields.requireAscii("scope", scope);
        List<String> mailHosts = mailHosts(fields, provider);
        fields.rejectUnknown();
        OAuthAppDraft draft =
                new OAuthAppDraft(
                        name,
                        provider.orElse(Provider.CUSTOM),
                        grant,
                        clientId,
                        clientSecret,
                        privateKey,
                        keyId,
                        tenant,
                        authorizationUrl,
                        tokenUrl,
                        redirectUrl,
                        scope,
                        mailHosts);
        if (provider.isPresent()) {
            validateProvider(fields, draft);
            validateGrant(fields, draft, proofOf(draft, stored));
        }
        errors.throwIfAny();
        requireAllowed(draft);
        return draft;
    }

    static Proof proofOf(OAuthAppDraft draft, Proof stored) {
        if (draft.clientSecret() != null) {
            return Proof.CLIENT_SECRET;
        }
        return draft.privateKey() != null ? Proof.PRIVATE_KEY : stored;
    }

    private static @Nullable String privateKey(Fields fields, @Nullable String keyId) {
        Optional<String> pem = fields.text("privateKey", MAX_KEY_LENGTH);
        try {
            pem.ifPresent(text -> SigningKey.of(text, keyId));
            return pem.orElse(null);
        } catch (IllegalArgumentException e) {
            fields.error("privateKey", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static @Nullable String url(Fields fields, String name) {
        return fields.line(name, UrlSyntax.MAX_LENGTH)
                .flatMap(text -> UrlSyntax.read(text, message -> fields.error(name, message)))
                .map(URI::toString)
                .orElse(null);
    }

    private static List<String> mailHosts(Fields fields, Optional<Provider> provider) {
        Optional<List<String>> given = fields.lines("mailHosts", 1, MAX_HOSTS, 253);
        for (String pattern : given.orElse(List.of())) {
            try {
                HostGlob.of(pattern);
            } catch (IllegalArgumentException e) {
                fields.error("mailHosts", String.valueOf(e.getMessage()));
            }
        }
        if (given.isEmpty() && provider.equals(Optional.of(Provider.CUSTOM))) {
            fields.error(
                    "mailHosts",
                    "is required when provider is custom: the mail servers that tokens may be sent"
                            + " to");
        }
        return given.orElse(provider.map(Provider::mailHosts).orElse(List.of()));
    }

    private static void validateProvider(Fields fields, OAuthAppDraft draft) {
        boolean custom = draft.provider() == Provider.CUSTOM;
        if (custom && !fields.has("tokenUrl")) {
            fields.error("tokenUrl", "is required when provider is custom");
        }
        for (String field : List.of("authorizationUrl", "tokenUrl")) {
            if (!custom && fields.has(field)) {
                fields.error(field, "is known of this provider; give it with custom only");
            }
        }
        String tenant = draft.tenant();
        if (tenant != null && draft.provider() != Provider.MICROSOFT) {
            fields.error("tenant", "is of the provider microsoft only");
        } else if (tenant != null && !TENANT.matcher(tenant).matches()) {
            fields.error("tenant", "must be the id or the domain of a tenant");
        }
    }

    private static void validateGrant(Fields fields, OAuthAppDraft draft, Proof proof) {
        if (draft.clientSecret() != null && draft.privateKey() != null) {
            fields.error("privateKey", "give either clientSecret or privateKey, not both");
        }
        if (draft.keyId() != null && proof != Proof.PRIVATE_KEY) {
            fields.error("keyId", "is of a privateKey only");
        }
        if (draft.redirectUrl() != null && draft.grant() != Grant.REFRESH_TOKEN) {
            fields.error("redirectUrl", "is of the grant refresh_token only");
        }
        switch (draft.grant()) {
            case REFRESH_TOKEN -> {}
            case CLIENT_CREDENTIALS -> {
                if (draft.provider() == Provider.GOOGLE) {
                    fields.error("grant", "google has no client_credentials; use jwt_bearer");
                }
                if (proof == Proof.NONE) {
                    fields.error("clientSecret", "is required, unless there is privateKey");
                }
                boolean oneTenant = draft.tenant() != null && !ALIASES.contains(draft.tenant());
                if (draft.provider() == Provider.MICROSOFT && !oneTenant) {
                    fields.error("tenant", "is required with client_credentials: one tenant");
                }
            }
            case JWT_BEARER -> {
                if (draft.provider() == Provider.MICROSOFT) {
                    fields.error("grant", "microsoft has no jwt_bearer; use client_credentials");
                }
                if (proof != Proof.PRIVATE_KEY) {
                    fields.error("privateKey", "is required with jwt_bearer");
                }
            }
        }
    }

    private void requireAllowed(OAuthAppDraft draft) {
        if (draft.tokenUrl() != null) {
            urls.requireAllowed("tokenUrl", URI.create(draft.tokenUrl()));
        }
        // Browsers go there, Mailbell does not.
        if (draft.authorizationUrl() != null) {
            urls.requireProtected("authorizationUrl", URI.create(draft.authorizationUrl()));
        }
    }
}

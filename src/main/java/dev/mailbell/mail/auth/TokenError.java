package dev.mailbell.mail.auth;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.minidev.json.JSONObject;
import org.jspecify.annotations.Nullable;

/**
 * The error in the JSON of an answer (RFC 6749, §5.2, and extensions of servers).
 *
 * @param code the {@code error}
 * @param subtype Google's {@code error_subtype} or Microsoft's {@code suberror}; null for none
 * @param description null for none
 */
record TokenError(String code, @Nullable String subtype, @Nullable String description) {

    /** The meaning of an error. */
    sealed interface Meaning {}

    /** The same request may succeed later. */
    enum Later implements Meaning {
        SLOW_DOWN,
        OUT_OF_ORDER
    }

    /**
     * The same request is refused until the account's owner or the application's owner acts.
     *
     * @param what continues "the token endpoint …"
     */
    record ForOwner(String what, String advice) implements Meaning {}

    private static final Set<String> SLOW_DOWN =
            Set.of(
                    "slow_down",
                    "rate_limit_exceeded",
                    "rate_limited",
                    "too_many_requests",
                    "throttled",
                    "quota_exceeded",
                    "resource_exhausted");
    private static final Set<String> OUT_OF_ORDER =
            Set.of(
                    "server_error",
                    "temporarily_unavailable",
                    "service_unavailable",
                    "unavailable",
                    "internal",
                    "internal_error",
                    "internal_server_error",
                    "internal_failure",
                    "backend_error",
                    "deadline_exceeded",
                    "request_timeout",
                    "timeout");
    // Codes that servers invent are recognised by their words.
    private static final Pattern PASSING =
            Pattern.compile(
                    "temporar|unavailable|time_?out|timed_out|throttl|rate_?limit|too_many|try_again"
                            + "|overload|busy|maintenance|internal_?error");
    // Microsoft's codes under any error for: retryable, timeout, budget, throttling, loop.
    private static final Set<String> MICROSOFT_LATER =
            Set.of(
                    "AADSTS90006",
                    "AADSTS90012",
                    "AADSTS90024",
                    "AADSTS90033",
                    "AADSTS90055",
                    "AADSTS50196");

    private static final Pattern MICROSOFT_CODE = Pattern.compile("\\bAADSTS[0-9]{4,9}\\b");

    private static final ForOwner CONSENT =
            new ForOwner(
                    "no longer accepts the refresh token",
                    "sign in again with the mail provider, and set the new"
                            + " mail.oauth2.refreshToken");
    private static final ForOwner APPLICATION =
            new ForOwner(
                    "does not accept the application",
                    "check mail.oauth2.clientId and mail.oauth2.clientSecret, and that it may use"
                            + " refresh tokens");
    private static final ForOwner NO_APPLICATION =
            new ForOwner(
                    "no longer knows or allows the application",
                    "its owner has to restore it, or to register another: then set"
                            + " mail.oauth2.clientId, clientSecret and a refreshToken of that one");
    private static final ForOwner POLICY =
            new ForOwner(
                    "refuses by a policy of the organisation",
                    "an administrator of the mailbox's domain has to allow the application, then"
                            + " sign in again");
    private static final ForOwner DENIED =
            new ForOwner(
                    "says that access was denied",
                    "the mailbox's owner, or an administrator, has to grant the application access,"
                            + " then sign in again");
    private static final ForOwner SCOPE =
            new ForOwner(
                    "does not grant the scope",
                    "set mail.oauth2.scope to one that the owner agreed to, or sign in again with"
                            + " the scope for this protocol");
    private static final ForOwner REQUEST =
            new ForOwner(
                    "does not understand the request",
                    "check mail.oauth2.tokenUrl, clientId and refreshToken");
    private static final ForOwner OTHER =
            new ForOwner(
                    "refuses the login",
                    "mend what it names, or sign in again with the mail provider and set the new"
                            + " mail.oauth2.refreshToken");

    private static final Map<String, ForOwner> KNOWN =
            Map.ofEntries(
                    Map.entry("invalid_grant", CONSENT),
                    Map.entry("invalid_token", CONSENT),
                    Map.entry("expired_token", CONSENT),
                    Map.entry("token_expired", CONSENT),
                    Map.entry("token_revoked", CONSENT),
                    Map.entry("interaction_required", CONSENT),
                    Map.entry("login_required", CONSENT),
                    Map.entry("consent_required", CONSENT),
                    Map.entry("account_selection_required", CONSENT),
                    Map.entry("invalid_client", APPLICATION),
                    Map.entry("unauthorized_client", APPLICATION),
                    Map.entry("unauthenticated", APPLICATION),
                    Map.entry("deleted_client", NO_APPLICATION),
                    Map.entry("disabled_client", NO_APPLICATION),
                    Map.entry("restricted_client", NO_APPLICATION),
                    Map.entry("suspended_client", NO_APPLICATION),
                    Map.entry("expired_client", NO_APPLICATION),
                    Map.entry("app_not_found", NO_APPLICATION),
                    Map.entry("admin_policy_enforced", POLICY),
                    Map.entry("policy_enforced", POLICY),
                    Map.entry("org_internal", POLICY),
                    Map.entry("access_not_configured", POLICY),
                    Map.entry("access_denied", DENIED),
                    Map.entry("permission_denied", DENIED),
                    Map.entry("invalid_scope", SCOPE),
                    Map.entry("insufficient_scope", SCOPE),
                    Map.entry("invalid_resource", SCOPE),
                    Map.entry("invalid_target", SCOPE),
                    Map.entry("invalid_request", REQUEST),
                    Map.entry("unsupported_grant_type", REQUEST));

    /** The error in an answer; empty if it contains none. */
    static Optional<TokenError> of(@Nullable JSONObject answer) {
        if (answer == null) {
            return Optional.empty();
        }
        if (answer.get("error") instanceof JSONObject nested) {
            // The format of Google's other interfaces.
            return Optional.ofNullable(text(nested, "status"))
                    .map(code -> new TokenError(code, null, text(nested, "message")));
        }
        String code = text(answer, "error");
        if (code == null) {
            return Optional.empty();
        }
        String subtype = text(answer, "error_subtype");
        String description = text(answer, "error_description");
        return Optional.of(
                new TokenError(
                        code,
                        subtype != null ? subtype : text(answer, "suberror"),
                        description != null ? description : text(answer, "message")));
    }

    /** The code at the beginning of Microsoft's descriptions, for example {@code AADSTS70008}. */
    Optional<String> microsoftCode() {
        Matcher code = MICROSOFT_CODE.matcher(description == null ? "" : description);
        return code.find() ? Optional.of(code.group()) : Optional.empty();
    }

    private static @Nullable String text(JSONObject object, String name) {
        return object.get(name) instanceof String text && !text.isBlank() ? text : null;
    }

    /**
     * An unknown error is the owner's to resolve: it is an OAuth error, and the same request will
     * fail again.
     */
    Meaning meaning() {
        String word = word(code);
        if (SLOW_DOWN.contains(word)) {
            return Later.SLOW_DOWN;
        }
        if (OUT_OF_ORDER.contains(word)
                || microsoftCode().filter(MICROSOFT_LATER::contains).isPresent()) {
            return Later.OUT_OF_ORDER;
        }
        ForOwner known = KNOWN.get(word);
        if (known == null && PASSING.matcher(word).find()) {
            return Later.OUT_OF_ORDER;
        }
        return known == null ? OTHER : known;
    }

    /** Whether a code is in the tables above, so that it cannot contain a part of the request. */
    static boolean isKnown(String code) {
        String word = word(code);
        return KNOWN.containsKey(word) || SLOW_DOWN.contains(word) || OUT_OF_ORDER.contains(word);
    }

    private static String word(String code) {
        return code.strip()
                .replaceAll("(?<=[a-z])(?=[A-Z])", "_")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[ -]", "_");
    }
}

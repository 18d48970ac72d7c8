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

    /** The same request is refused until the mailbox's, app's or domain's owner acts. */
    enum ForOwner implements Meaning {
        /** The grant itself is no longer valid. */
        CONSENT,
        APPLICATION,
        NO_APPLICATION,
        POLICY,
        DENIED,
        SCOPE,
        REQUEST,
        /** Any other error. */
        OTHER
    }

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
    // Zoho and Exact Online call it "Access Denied", and only the description says what it is.
    private static final Pattern TOO_MANY =
            Pattern.compile(
                    "too many (\\w+ )?requests|rate ?limit|(request|call) limit|throttl|quota (was |is"
                            + " |has been )?exceeded");
    private static final Pattern TRY_AGAIN =
            Pattern.compile(
                    "try again (later|after|in )|temporar|service (is )?unavailable|internal (server"
                            + " )?error");
    // Microsoft's codes under any error for: retryable, timeout, budget, throttling, loop.
    private static final Set<String> MICROSOFT_LATER =
            Set.of(
                    "AADSTS40010",
                    "AADSTS90006",
                    "AADSTS90012",
                    "AADSTS90024",
                    "AADSTS90025",
                    "AADSTS90033",
                    "AADSTS90055",
                    "AADSTS90090",
                    "AADSTS90091",
                    "AADSTS50196");

    // Google, Microsoft, Okta and Keycloak of an assertion whose times they do not accept.
    private static final Pattern WRONG_TIME =
            Pattern.compile(
                    "reasonable time ?frame|not within its valid time range|issued in the future"
                            + "|client[ _]assertion.{0,60}(expired|expiration|in the future)"
                            + "|token is not active");

    private static final Pattern MICROSOFT_CODE = Pattern.compile("\\bAADSTS[0-9]{4,9}\\b");

    private static final Map<String, ForOwner> KNOWN =
            Map.ofEntries(
                    Map.entry("invalid_grant", ForOwner.CONSENT),
                    Map.entry("invalid_token", ForOwner.CONSENT),
                    Map.entry("expired_token", ForOwner.CONSENT),
                    Map.entry("token_expired", ForOwner.CONSENT),
                    Map.entry("token_revoked", ForOwner.CONSENT),
                    // Zoho's and Yahoo's names.
                    Map.entry("invalid_code", ForOwner.CONSENT),
                    Map.entry("invalid_refresh_token", ForOwner.CONSENT),
                    Map.entry("interaction_required", ForOwner.CONSENT),
                    Map.entry("login_required", ForOwner.CONSENT),
                    Map.entry("consent_required", ForOwner.CONSENT),
                    Map.entry("account_selection_required", ForOwner.CONSENT),
                    Map.entry("invalid_client", ForOwner.APPLICATION),
                    Map.entry("unauthorized_client", ForOwner.APPLICATION),
                    Map.entry("invalid_client_secret", ForOwner.APPLICATION),
                    Map.entry("unauthenticated", ForOwner.APPLICATION),
                    Map.entry("deleted_client", ForOwner.NO_APPLICATION),
                    Map.entry("disabled_client", ForOwner.NO_APPLICATION),
                    Map.entry("restricted_client", ForOwner.NO_APPLICATION),
                    Map.entry("suspended_client", ForOwner.NO_APPLICATION),
                    Map.entry("expired_client", ForOwner.NO_APPLICATION),
                    Map.entry("app_not_found", ForOwner.NO_APPLICATION),
                    Map.entry("admin_policy_enforced", ForOwner.POLICY),
                    Map.entry("policy_enforced", ForOwner.POLICY),
                    Map.entry("org_internal", ForOwner.POLICY),
                    Map.entry("access_not_configured", ForOwner.POLICY),
                    Map.entry("access_denied", ForOwner.DENIED),
                    Map.entry("permission_denied", ForOwner.DENIED),
                    Map.entry("invalid_scope", ForOwner.SCOPE),
                    Map.entry("insufficient_scope", ForOwner.SCOPE),
                    Map.entry("invalid_resource", ForOwner.SCOPE),
                    Map.entry("invalid_target", ForOwner.SCOPE),
                    Map.entry("invalid_request", ForOwner.REQUEST),
                    Map.entry("unsupported_grant_type", ForOwner.REQUEST));

    /** The error in an answer; empty if it contains none. */
    static Optional<TokenError> of(@Nullable JSONObject answer) {
        if (answer == null) {
            return Optional.empty();
        }
        if (answer.get("error") instanceof JSONObject nested) {
            // The format of Google's other interfaces; Facebook's and Yahoo's are alike.
            String message = either(text(nested, "message"), text(nested, "localizedMessage"));
            String status = either(text(nested, "status"), text(nested, "type"));
            return status == null && message == null
                    ? Optional.empty()
                    : Optional.of(new TokenError(status == null ? "" : status, null, message));
        }
        String code = text(answer, "error");
        if (code == null) {
            // Okta's format for a client that it does not know.
            return Optional.ofNullable(text(answer, "errorCode"))
                    .map(known -> new TokenError(known, null, text(answer, "errorSummary")));
        }
        String subtype = text(answer, "error_subtype");
        String description = text(answer, "error_description");
        return Optional.of(
                new TokenError(
                        code,
                        either(subtype, text(answer, "suberror")),
                        either(description, text(answer, "message"))));
    }

    private static @Nullable String either(@Nullable String first, @Nullable String second) {
        return first != null ? first : second;
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
        String said = description == null ? "" : description.toLowerCase(Locale.ROOT);
        if (TOO_MANY.matcher(said).find()) {
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
        boolean vague = known == null || known == ForOwner.DENIED || known == ForOwner.REQUEST;
        if (vague && TRY_AGAIN.matcher(said).find()) {
            return Later.OUT_OF_ORDER;
        }
        return known == null ? ForOwner.OTHER : known;
    }

    /**
     * Whether the times in an assertion are not accepted, so that the clocks of the two hosts
     * differ. Only of an error about an assertion.
     */
    boolean isOfClock() {
        String text = description == null ? "" : description.toLowerCase(Locale.ROOT);
        // Microsoft also says "expired" of an assertion whose certificate is too old.
        return WRONG_TIME.matcher(text).find()
                && (microsoftCode().isEmpty() || text.contains("valid time range"));
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

package dev.mailbell.webhook;

import dev.mailbell.secret.Secret;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * The headers that a client has added to the deliveries of a webhook. Their values are secrets: an
 * answer or a log shows names alone.
 */
public final class WebhookHeaders {
    public static final int MAX_COUNT = 10;
    public static final int MAX_NAME_LENGTH = 64;
    public static final int MAX_VALUE_LENGTH = 2048;

    /** Names and values of one webhook together. */
    public static final int MAX_LENGTH = 4096;

    public static final WebhookHeaders NONE = new WebhookHeaders(new TreeMap<>());

    /** RFC 9110, 5.6.2. */
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    /** RFC 9110, 5.5, in ASCII: what all receivers read alike. */
    private static final Pattern VALUE = Pattern.compile("[!-~]([ !-~]*[!-~])?");

    /** Those that the protocol or the delivery itself sets; in lower case. */
    private static final Set<String> FORBIDDEN =
            Set.of(
                    "host",
                    "user-agent",
                    "expect",
                    "date",
                    "connection",
                    "keep-alive",
                    "te",
                    "trailer",
                    "transfer-encoding",
                    "upgrade",
                    "http2-settings");

    private static final List<String> FORBIDDEN_BEGINNINGS =
            List.of("content-", "webhook-", "proxy-", "sec-", ":");

    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<Map<String, String>> STRINGS = new TypeReference<>() {};

    /** Sorted, whatever the case: names differ by their letters alone. */
    private final TreeMap<String, String> values;

    private WebhookHeaders(TreeMap<String, String> values) {
        this.values = values;
    }

    /**
     * @param values names, which differ also in lower case, and values without {@linkplain
     *     #nameFault faults}
     */
    public static WebhookHeaders of(Map<String, String> values) {
        TreeMap<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        sorted.putAll(values);
        return new WebhookHeaders(sorted);
    }

    /** What is wrong with a name, to be read after it; empty for nothing. */
    public static Optional<String> nameFault(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (name.length() > MAX_NAME_LENGTH || !TOKEN.matcher(name).matches()) {
            return Optional.of(
                    "a header's name has 1 to "
                            + MAX_NAME_LENGTH
                            + " letters, digits or any of"
                            + " !#$%&'*+-.^_`|~");
        }
        return FORBIDDEN.contains(lower)
                        || FORBIDDEN_BEGINNINGS.stream().anyMatch(lower::startsWith)
                ? Optional.of("is set by the delivery itself, or by HTTP, and cannot be given")
                : Optional.empty();
    }

    /** What is wrong with a value; the message never quotes it. */
    public static Optional<String> valueFault(String value) {
        return value.length() > MAX_VALUE_LENGTH || !VALUE.matcher(value).matches()
                ? Optional.of(
                        "must have 1 to "
                                + MAX_VALUE_LENGTH
                                + " printable ASCII characters, with no space at the begin or end")
                : Optional.empty();
    }

    /** What is wrong with all of them together. */
    public Optional<String> fault() {
        if (values.size() > MAX_COUNT) {
            return Optional.of("must have at most " + MAX_COUNT + " headers, not " + values.size());
        }
        int length =
                values.entrySet().stream()
                        .mapToInt(entry -> entry.getKey().length() + entry.getValue().length())
                        .sum();
        return length > MAX_LENGTH
                ? Optional.of("must have at most " + MAX_LENGTH + " characters together")
                : Optional.empty();
    }

    public List<String> names() {
        return List.copyOf(values.keySet());
    }

    public boolean isEmpty() {
        return values.isEmpty();
    }

    /** The names and the values, in the order of the names. */
    public Map<String, String> values() {
        return new TreeMap<>(values);
    }

    /** These with others, which replace those of the same name, and without some. */
    public WebhookHeaders with(Map<String, String> others, Collection<String> without) {
        TreeMap<String, String> changed = new TreeMap<>(values);
        without.forEach(changed::remove);
        others.forEach((name, value) -> {
            changed.remove(name);
            changed.put(name, value);
        });
        return new WebhookHeaders(changed);
    }

    /** All of them as one secret, to be encrypted. */
    public Secret secret() {
        return Secret.of(JSON.writeValueAsString(values));
    }

    public static WebhookHeaders of(Secret secret) {
        return of(JSON.readValue(secret.reveal(), STRINGS));
    }

    /** The context that the encryption binds, so that the headers are useless in another row. */
    public static String context(UUID webhookId) {
        return "webhook/" + webhookId + "/headers";
    }

    /**
     * A text of the receiver, which may repeat what it was sent, with {@code [redacted]} for each
     * value, and for a part of one, such as the token behind {@code Bearer}.
     */
    public String redact(String text) {
        return new HeaderTraces(values.values()).redact(text);
    }

    /** The names alone. */
    @Override
    public String toString() {
        return names().toString();
    }
}

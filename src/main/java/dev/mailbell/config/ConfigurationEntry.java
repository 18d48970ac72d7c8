package dev.mailbell.config;

import dev.mailbell.config.parsing.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A key of the configuration as it is in effect.
 *
 * @param value for people; without secrets
 * @param source the variable, or the file and its line; null for the default
 * @param reloads whether a change is in effect without a new start
 * @param changesAtStart whether the file has another value, for the next start
 */
public record ConfigurationEntry(
        String key,
        String value,
        @Nullable String source,
        boolean reloads,
        boolean changesAtStart) {
    private static final Pattern SECRET =
            Pattern.compile("(?i).*(password|passphrase|secret|token|credential)");

    /** User and password in a URL. */
    private static final Pattern LOGIN = Pattern.compile("://[^/\\s]*@");

    private static final String CERTIFICATE = "-----BEGIN CERTIFICATE-----";

    public static ConfigurationEntry of(
            String key, Object value, @Nullable String source, boolean changesAtStart) {
        return new ConfigurationEntry(
                key, text(key, value), source, Configuration.isReloaded(key), changesAtStart);
    }

    /** Whether a value is a secret, or has a user and a password in it. */
    static boolean holdsSecret(String key, Object value) {
        String text = text(value);
        return SECRET.matcher(key).matches() ? !text.isEmpty() : LOGIN.matcher(text).find();
    }

    private static String text(String key, Object value) {
        String text = text(value);
        if (SECRET.matcher(key).matches()) {
            return text.isEmpty() ? "" : "set, not shown";
        }
        int certificates = text.split(Pattern.quote(CERTIFICATE), -1).length - 1;
        if (certificates > 0) {
            return certificates == 1 ? "1 certificate" : certificates + " certificates";
        }
        return LOGIN.matcher(text).replaceAll("://…@");
    }

    private static String text(Object value) {
        return switch (value) {
            case Duration duration -> Durations.print(duration);
            case Optional<?> optional -> optional.map(ConfigurationEntry::text).orElse("");
            case List<?> list ->
                    list.stream().map(ConfigurationEntry::text).collect(Collectors.joining(", "));
            case ProviderProfile profile -> String.join(" ", profile.match());
            default -> value.toString();
        };
    }
}

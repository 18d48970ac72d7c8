package dev.mailbell.config.reload;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Shows whether two nodes have the same configuration in effect: a hash of the keys that ought to
 * be the same everywhere. It reveals no secret, because none is in it.
 */
final class Fingerprint {
    private static final List<String> SAME_EVERYWHERE =
            List.of(
                    "canary.account",
                    "canary.failsReadiness",
                    "canary.from",
                    "canary.interval",
                    "canary.smtp.host",
                    "http.publicUrl",
                    "limits.",
                    "network.",
                    "operator.webhook.url",
                    "polling.",
                    "providers",
                    "retention.",
                    "webhooks.");

    /** User and password in the URL of a proxy. */
    private static final Pattern LOGIN = Pattern.compile("://.*@");

    private static final int CHARACTERS = 12;

    private Fingerprint() {}

    /** Twelve hexadecimal digits, from the value of each key. */
    static String of(Map<String, Object> values) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(values)
                .forEach((key, value) -> {
                    if (SAME_EVERYWHERE.stream().anyMatch(key::startsWith)) {
                        text.append(key)
                                .append('=')
                                .append(LOGIN.matcher(value.toString()).replaceAll("://@"))
                                .append('\n');
                    }
                });
        byte[] digest;
        try {
            digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
        return HexFormat.of().formatHex(digest).substring(0, CHARACTERS);
    }
}

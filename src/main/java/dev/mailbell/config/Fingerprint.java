package dev.mailbell.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A short text by which the configurations of two nodes are compared: a part of the SHA-256 of the
 * settings that should be the same on all nodes. Ways out are not among them, because they hold
 * passwords; nor is what belongs to a machine.
 */
final class Fingerprint {
    private static final Set<String> SECTIONS =
            Set.of("polling", "providers", "webhooks", "limits", "retention");

    private static final int CHARACTERS = 12;

    private Fingerprint() {}

    static String of(Map<String, Object> values) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(values)
                .forEach((key, value) -> {
                    if (SECTIONS.contains(key.replaceFirst("\\..*", ""))) {
                        text.append(key).append('=').append(value).append('\n');
                    }
                });
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}

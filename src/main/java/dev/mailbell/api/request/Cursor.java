package dev.mailbell.api.request;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Where a page of a list ends: the id or name of its last item, in a form that invites nobody to
 * make one.
 */
public final class Cursor {
    private static final byte VERSION = 1;
    private static final byte NAMED = 2;

    private Cursor() {}

    static String of(UUID last) {
        byte[] bytes =
                ByteBuffer.allocate(17)
                        .put(VERSION)
                        .putLong(last.getMostSignificantBits())
                        .putLong(last.getLeastSignificantBits())
                        .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static Optional<UUID> parse(String text) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
            return bytes.remaining() == 17 && bytes.get() == VERSION
                    ? Optional.of(new UUID(bytes.getLong(), bytes.getLong()))
                    : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    public static String ofName(String last) {
        byte[] name = last.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = ByteBuffer.allocate(1 + name.length).put(NAMED).put(name).array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static Optional<String> parseName(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            return bytes.length > 1 && bytes[0] == NAMED
                    ? Optional.of(new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8))
                    : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }
}

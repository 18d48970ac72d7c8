package dev.mailbell.api.request;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * The cursor of a paged list: the id or name of the page's last item, as opaque Base64url (RFC
 * 4648, section 5). Its first byte says which of the two it holds.
 */
public final class Cursor {
    private static final byte ID = 1;
    private static final byte NAME = 2;

    private Cursor() {}

    static String of(UUID last) {
        byte[] bytes =
                ByteBuffer.allocate(17)
                        .put(ID)
                        .putLong(last.getMostSignificantBits())
                        .putLong(last.getLeastSignificantBits())
                        .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static Optional<UUID> parse(String text) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
            return bytes.remaining() == 17 && bytes.get() == ID
                    ? Optional.of(new UUID(bytes.getLong(), bytes.getLong()))
                    : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    public static String ofName(String last) {
        byte[] name = last.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = ByteBuffer.allocate(1 + name.length).put(NAME).put(name).array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static Optional<String> parseName(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text);
            return bytes.length > 1 && bytes[0] == NAME
                    ? Optional.of(new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8))
                    : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }
}

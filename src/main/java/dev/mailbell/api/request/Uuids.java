package dev.mailbell.api.request;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Ids in requests. */
public final class Uuids {
    private static final Pattern TEXT =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private Uuids() {}

    /** Empty when the text is not a UUID; the JDK alone would accept "1-1-1-1-1". */
    public static Optional<UUID> parse(String text) {
        return TEXT.matcher(text).matches() ? Optional.of(UUID.fromString(text)) : Optional.empty();
    }
}

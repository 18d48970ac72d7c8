package dev.mailbell.secret;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where the operator keeps the keyset.
 *
 * @param file the file; created at the first start when there is no variable
 * @param variable the keyset itself, Tink's JSON or that in Base64, as {@value #VARIABLE} has it;
 *     blank for none
 */
public record KeysetPlace(Path file, String variable) {
    public static final String VARIABLE = "MAILBELL_KEYSET";

    public KeysetPlace {
        file = file.toAbsolutePath();
        variable = variable.strip();
    }

    public static KeysetPlace of(Path file, Map<String, String> environment) {
        return new KeysetPlace(file, environment.getOrDefault(VARIABLE, ""));
    }

    boolean hasVariable() {
        return !variable.isEmpty();
    }

    /** The place without the keyset. */
    @Override
    public String toString() {
        return hasVariable() ? VARIABLE : file.toString();
    }
}

package dev.mailbell;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * What is missing before the daemon can do its work, asked of every part that can tell.
 *
 * @param parts each answers soon with its reasons, for a person; none when all is well
 */
record Readiness(List<Supplier<List<String>>> parts) implements Supplier<List<String>> {
    Readiness {
        parts = List.copyOf(parts);
    }

    @Override
    public List<String> get() {
        return parts.stream().map(Supplier::get).flatMap(Collection::stream).toList();
    }
}

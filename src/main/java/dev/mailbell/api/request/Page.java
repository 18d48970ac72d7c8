package dev.mailbell.api.request;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A page of a list, as clients see it.
 *
 * @param nextCursor where the next page begins; null when this is the last
 */
public record Page<T>(List<T> items, @Nullable String nextCursor) {

    /**
     * @param found up to {@code limit} + 1 items; the extra one shows that a next page exists
     */
    public static <S, T> Page<T> of(
            List<S> found, int limit, Function<S, UUID> id, Function<S, T> view) {
        List<S> shown = found.subList(0, Math.min(limit, found.size()));
        return new Page<>(
                shown.stream().map(view).toList(),
                found.size() > limit ? Cursor.of(id.apply(shown.getLast())) : null);
    }

    /**
     * @param next the id after which the next page begins; null when this is the last
     */
    public static <S, T> Page<T> before(List<S> shown, @Nullable UUID next, Function<S, T> view) {
        return new Page<>(shown.stream().map(view).toList(), next == null ? null : Cursor.of(next));
    }
}

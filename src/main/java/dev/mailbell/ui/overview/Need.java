package dev.mailbell.ui.overview;

import org.jspecify.annotations.Nullable;

/**
 * Something that needs you: the person who reads the page.
 *
 * @param kind {@code bad} when mail is not announced now, {@code warn} otherwise
 * @param todo what to do about it
 * @param href where more about it is; null for nowhere
 * @param link the text of the link; null without one
 */
public record Need(
        String kind, String what, String todo, @Nullable String href, @Nullable String link) {
    /** Of its link, the same as long as the link is. */
    public String id() {
        return "need-" + Integer.toHexString((href + todo).hashCode());
    }

    boolean isBad() {
        return kind.equals("bad");
    }

    static Need bad(String what, String todo) {
        return new Need("bad", what, todo, null, null);
    }

    static Need warn(String what, String todo) {
        return new Need("warn", what, todo, null, null);
    }

    Need at(String path, String text) {
        return new Need(kind, what, todo, path, text);
    }
}

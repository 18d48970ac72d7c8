package dev.mailbell.ui.page;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the layout shows around the content of a page, and what its forms need.
 *
 * @param self the path with its query, for parts that refresh themselves
 * @param formToken the value of the field {@code csrf} of each form; empty without a session
 * @param who the name of the key that is signed in; null without a session
 * @param notice of the action before; null for none
 * @param now by the clock of the database
 */
public record PageView(
        String title,
        String self,
        List<NavItem> navigation,
        String formToken,
        @Nullable String who,
        @Nullable String notice,
        Map<String, String> assets,
        String version,
        Instant now) {
    public PageView {
        navigation = List.copyOf(navigation);
        assets = Map.copyOf(assets);
    }

    /** The path of a file, such as {@code style.css}. */
    public String asset(String name) {
        return assets.getOrDefault(name, "");
    }
}

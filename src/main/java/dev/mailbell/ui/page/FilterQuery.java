package dev.mailbell.ui.page;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/** The fields of a filter as a query, to which the link to the next page adds its cursor. */
public final class FilterQuery {
    private FilterQuery() {}

    /** Each field ends with {@code &}. */
    public static String of(Map<String, String> fields) {
        return fields.entrySet().stream()
                .map(field ->
                        field.getKey()
                                + "="
                                + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8)
                                + "&")
                .collect(Collectors.joining());
    }
}

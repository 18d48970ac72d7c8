package dev.mailbell.api.request;

import java.util.regex.Pattern;

/** What labels may look like. */
final class Labels {
    static final int MOST = 32;
    static final int LONGEST_VALUE = 255;
    static final String NAME_RULE =
            "a label's name has 1 to 63 letters, digits, '.', '_', '-' or '/'";

    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}._/-]{1,63}");

    private Labels() {}

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }
}

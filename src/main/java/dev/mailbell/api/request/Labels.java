package dev.mailbell.api.request;

import java.util.regex.Pattern;

/** The syntax and limits of labels. */
final class Labels {
    static final int MAX_COUNT = 32;
    static final int MAX_VALUE_LENGTH = 255;
    static final String NAME_RULE =
            "a label's name has 1 to 63 letters, digits, '.', '_', '-' or '/'";

    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}._/-]{1,63}");

    private Labels() {}

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }
}

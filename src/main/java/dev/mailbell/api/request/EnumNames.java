package dev.mailbell.api.request;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The names of enum constants on the wire: in lower case. */
public final class EnumNames {
    private EnumNames() {}

    public static String of(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    public static <E extends Enum<E>> Map<String, E> byName(Class<E> type) {
        Map<String, E> names = new LinkedHashMap<>();
        for (E constant : type.getEnumConstants()) {
            names.put(of(constant), constant);
        }
        return names;
    }
}

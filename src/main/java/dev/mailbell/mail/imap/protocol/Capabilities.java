package dev.mailbell.mail.imap.protocol;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The capabilities of a server (RFC 9051, section 7.2.2); upper case, in the server's order. */
public record Capabilities(Set<String> names) {
    public static final Capabilities NONE = new Capabilities(Set.of());

    public static Capabilities parse(String words) {
        Set<String> names = new LinkedHashSet<>();
        for (String word : words.strip().split("\\s+")) {
            if (!word.isEmpty()) {
                names.add(word.toUpperCase(Locale.ROOT));
            }
        }
        return new Capabilities(names);
    }

    public boolean isEmpty() {
        return names.isEmpty();
    }

    public boolean has(String name) {
        return names.contains(name);
    }

    public boolean nonSynchronizingLiterals() {
        return has("LITERAL+") || has("LITERAL-");
    }

    public List<String> list() {
        return new ArrayList<>(names);
    }
}

package dev.mailbell.client;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a key may do. A route of the API declares the scope that it requires. */
public enum Scope {
    ACCOUNTS_READ("accounts:read"),
    ACCOUNTS_WRITE("accounts:write"),

    /** To register accounts, to change their logins, and to try a login. */
    ACCOUNTS_CREDENTIALS("accounts:credentials"),
    WEBHOOKS_READ("webhooks:read"),
    WEBHOOKS_WRITE("webhooks:write"),
    EVENTS_READ("events:read"),

    /** To read what the keys of the client have changed, when and from where. */
    AUDIT_READ("audit:read"),

    /** To make links that open the client's view of the page, for people without a key. */
    PORTAL_WRITE("portal:write"),

    /** To run the daemon and its clients; only the operator's key has it. */
    ADMIN("admin");

    private static final Set<Scope> READ = EnumSet.of(ACCOUNTS_READ, WEBHOOKS_READ, EVENTS_READ);
    private static final Set<Scope> WRITE =
            EnumSet.of(ACCOUNTS_WRITE, ACCOUNTS_CREDENTIALS, WEBHOOKS_WRITE);

    private final String wireName;

    Scope(String wireName) {
        this.wireName = wireName;
    }

    /** The name in the API and in the database. */
    public String wireName() {
        return wireName;
    }

    public static Optional<Scope> ofWireName(String name) {
        return Arrays.stream(values()).filter(scope -> scope.wireName.equals(name)).findFirst();
    }

    /**
     * What the key of a client may be given: scopes by their names, and the bundles {@code read}
     * and {@code write}. A bundle means the scopes that it has when the key is made.
     */
    public static Map<String, Set<Scope>> grantable() {
        Map<String, Set<Scope>> byName = new LinkedHashMap<>();
        byName.put("read", READ);
        byName.put("write", WRITE);
        for (Scope scope : values()) {
            if (scope != ADMIN) {
                byName.put(scope.wireName, Set.of(scope));
            }
        }
        return byName;
    }

    /** The names in the order of this class. */
    public static List<String> wireNames(Set<Scope> scopes) {
        return Arrays.stream(values()).filter(scopes::contains).map(Scope::wireName).toList();
    }
}

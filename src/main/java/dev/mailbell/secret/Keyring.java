package dev.mailbell.secret;

import com.google.crypto.tink.Aead;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Encrypts and decrypts with the keys of one keyset (Tink, AES-256-GCM), which is in a file or in
 * the environment. Each value is bound to the row it belongs to: copied into another row it does
 * not decrypt. Safe for many threads.
 */
public final class Keyring {
    private static final int TINK_PREFIX = 1;

    private final KeysetPlace place;

    /**
     * The present keyset, and before it those that had keys which it lacks: values that this
     * process has in memory were encrypted with them. Newest first.
     */
    private volatile List<Keyset> keysets;

    private Keyring(KeysetPlace place) {
        this.place = place;
        this.keysets = List.of(load(place));
    }

    /** As {@link #open(KeysetPlace)}, for a keyset in a file. */
    public static Keyring open(Path path) {
        return open(new KeysetPlace(path, ""));
    }

    /**
     * Opens the keyset, and creates one if there is none. If values may have been encrypted before,
     * {@link KeysetRegister#claim} must follow: a new keyset decrypts none of them.
     *
     * @throws KeyringException when the keyset is damaged, unreadable, open to other users, or in
     *     two places that differ
     */
    public static Keyring open(KeysetPlace place) {
        KeysetFile file = new KeysetFile(place.file());
        if (!place.hasVariable() && !file.exists()) {
            file.create(Keyset.generate().serialize());
        }
        return new Keyring(place);
    }

    /**
     * Opens the keyset where there is one, and creates nothing.
     *
     * @throws KeyringException when there is one that cannot be used
     */
    public static Optional<Keyring> find(KeysetPlace place) {
        return place.hasVariable() || new KeysetFile(place.file()).exists()
                ? Optional.of(new Keyring(place))
                : Optional.empty();
    }

    /** As {@link #openExisting(KeysetPlace)}, for a keyset in a file. */
    public static Keyring openExisting(Path path) {
        return openExisting(new KeysetPlace(path, ""));
    }

    /**
     * Opens an existing keyset.
     *
     * @throws KeyringException also when there is none
     */
    public static Keyring openExisting(KeysetPlace place) {
        return new Keyring(place);
    }

    private static Keyset load(KeysetPlace place) {
        KeysetFile file = new KeysetFile(place.file());
        if (!place.hasVariable()) {
            return Keyset.parse(file.read(), file.toString());
        }
        Keyset given = Keyset.parse(place.variable(), KeysetPlace.VARIABLE);
        if (file.exists()) {
            Keyset stored = Keyset.parse(file.read(), file.toString());
            if (!stored.keys().equals(given.keys())) {
                throw new KeyringException(
                        "the keyset in "
                                + KeysetPlace.VARIABLE
                                + " ("
                                + names(given.keys())
                                + ") and the one in "
                                + file
                                + " ("
                                + names(stored.keys())
                                + ") differ: keep the one with all keys of the database, and unset "
                                + KeysetPlace.VARIABLE
                                + " or move the file away");
            }
        }
        return given;
    }

    private static String names(List<KeyInfo> keys) {
        return keys.stream()
                .map(key -> key.primary() ? key.id() + " encrypts" : key.id())
                .collect(Collectors.joining(", "));
    }

    /**
     * @param boundTo the place of the value, such as {@code account/<id>/credential}
     */
    public byte[] encrypt(Secret secret, String boundTo) {
        return encrypt(secret.reveal().getBytes(StandardCharsets.UTF_8), boundTo);
    }

    /** The same for bytes. */
    public byte[] encrypt(byte[] plain, String boundTo) {
        try {
            return keysets.getFirst().aead().encrypt(plain, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException(this + " could not encrypt " + boundTo, e);
        }
    }

    /**
     * @param boundTo the place given at the encryption
     * @throws KeyringException when no key of the keyset fits, or the value was changed or moved
     */
    public Secret decrypt(byte[] sealed, String boundTo) {
        return Secret.of(new String(decryptBytes(sealed, boundTo), StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    public byte[] decryptBytes(byte[] sealed, String boundTo) {
        try {
            return aeadFor(sealed).decrypt(sealed, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException(
                    "no key of "
                            + this
                            + " decrypts "
                            + boundTo
                            + "; use the keyset that encrypted it, or enter the secret again",
                    e);
        }
    }

    /**
     * Reads the keyset again for an unknown key: {@code keyset rotate} or another node may have
     * added it.
     */
    private Aead aeadFor(byte[] sealed) {
        String id = keyIdOf(sealed).orElse("");
        if (!id.isEmpty() && keysets.stream().noneMatch(keyset -> keyset.has(id))) {
            adopt(load(place));
        }
        List<Keyset> known = keysets;
        return known.stream()
                .filter(keyset -> keyset.has(id))
                .findFirst()
                .orElse(known.getFirst())
                .aead();
    }

    /** The id of the key that encrypted a value; empty for a value that no key encrypted. */
    public static Optional<String> keyIdOf(byte[] sealed) {
        return sealed.length < 5 || sealed[0] != TINK_PREFIX
                ? Optional.empty()
                : Optional.of(HexFormat.of().formatHex(sealed, 1, 5));
    }

    private static byte[] context(String boundTo) {
        if (boundTo.isBlank()) {
            throw new IllegalArgumentException("a secret must be bound to its row");
        }
        return boundTo.getBytes(StandardCharsets.UTF_8);
    }

    private synchronized void adopt(Keyset present) {
        List<Keyset> all = new ArrayList<>();
        all.add(present);
        for (Keyset earlier : keysets) {
            boolean needed =
                    earlier.keys().stream()
                            .anyMatch(key -> all.stream().noneMatch(later -> later.has(key.id())));
            if (needed) {
                all.add(earlier);
            }
        }
        keysets = List.copyOf(all);
    }

    /**
     * Reads the keyset again, so that a new key encrypts from now on.
     *
     * @param beforeUse gets the keys before one that is new encrypts anything; when it throws, the
     *     keys stay as they are
     * @throws KeyringException when the keyset cannot be read; the keys stay as they are
     */
    public void refresh(Consumer<List<KeyInfo>> beforeUse) {
        if (place.hasVariable()) {
            // The environment of a process does not change.
            return;
        }
        Keyset present = load(place);
        if (!present.keys().equals(keys())) {
            beforeUse.accept(present.keys());
            adopt(present);
        }
    }

    /**
     * Adds a key that encrypts from now on. The older keys stay and decrypt their values. The file
     * changes atomically; other processes read it again.
     *
     * @throws KeyringException when the keyset is in the environment, which only the operator
     *     changes
     */
    public void rotate() {
        change(Keyset::withNewKey, "rotate");
    }

    /** Removes keys that no value needs, none of them the one that encrypts. */
    public void remove(Set<String> ids) {
        change(keyset -> keyset.without(ids), "prune");
    }

    private void change(UnaryOperator<Keyset> change, String command) {
        if (place.hasVariable()) {
            throw new KeyringException(
                    "the keyset is in "
                            + KeysetPlace.VARIABLE
                            + ", which only you can change: write the new keyset into a file with"
                            + " \"keyset "
                            + command
                            + " --to FILE\", set the variable to that file's content on every node,"
                            + " and start them again");
        }
        KeysetFile file = new KeysetFile(place.file());
        file.exclusively(() -> {
            Keyset changed = change.apply(load(place));
            file.replace(changed.serialize());
            adopt(changed);
        });
    }

    /** Writes the keyset with a new key into a new file, and changes nothing else. */
    public void writeRotated(Path to) {
        write(load(place).withNewKey(), to);
    }

    /** Writes the keyset without some keys into a new file, and changes nothing else. */
    public void writeWithout(Set<String> ids, Path to) {
        write(load(place).without(ids), to);
    }

    private static void write(Keyset keyset, Path to) {
        KeysetFile file = new KeysetFile(to);
        if (file.exists()) {
            throw new KeyringException(file + " exists: name a new file");
        }
        file.create(keyset.serialize());
    }

    /** The keys without their material, oldest first. */
    public List<KeyInfo> keys() {
        return keysets.getFirst().keys();
    }

    /** The id of the key that encrypts. */
    public String primary() {
        return keys().stream().filter(KeyInfo::primary).findFirst().orElseThrow().id();
    }

    /** Where the keyset is, no keys. */
    @Override
    public String toString() {
        return "keyset " + place;
    }
}

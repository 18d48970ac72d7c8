package dev.mailbell.secret;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts and decrypts with the keys of one file (a Tink keyset, AES-256-GCM). Each value is bound
 * to the row it belongs to: copied into another row it does not decrypt. Safe for many threads.
 */
public final class Keyring {
    private static final int TINK_PREFIX = 1;

    private final KeysetFile file;
    private volatile Keys keys;

    private record Keys(KeysetHandle handle, Aead aead) {
        boolean has(int id) {
            return IntStream.range(0, handle.size()).anyMatch(i -> handle.getAt(i).getId() == id);
        }
    }

    private Keyring(KeysetFile file) {
        this.file = file;
        this.keys = load(file);
    }

    /**
     * Opens the keyset, and makes one when there is none. Where values may have been encrypted
     * before, compare {@link #fingerprint()} with the one stored beside them: a new keyset in the
     * place of a lost one reads none of them.
     *
     * @throws KeyringException when the file is damaged, unreadable, or open to other users
     */
    public static Keyring open(Path path) {
        KeysetFile file = new KeysetFile(path);
        if (!file.exists()) {
            file.create(serialize(fresh()));
        }
        return new Keyring(file);
    }

    /**
     * Opens a keyset that must be there.
     *
     * @throws KeyringException also when there is none
     */
    public static Keyring openExisting(Path path) {
        return new Keyring(new KeysetFile(path));
    }

    /**
     * @param boundTo where the value will be kept, such as {@code account/<id>/credential}
     */
    public byte[] encrypt(Secret secret, String boundTo) {
        return encrypt(secret.reveal().getBytes(StandardCharsets.UTF_8), boundTo);
    }

    /** The same for bytes. */
    public byte[] encrypt(byte[] plain, String boundTo) {
        try {
            return keys.aead().encrypt(plain, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException("keyset " + file + " could not encrypt " + boundTo, e);
        }
    }

    /**
     * @param boundTo as it was encrypted
     * @throws KeyringException when no key of the file fits, or the value was changed or moved
     */
    public Secret decrypt(byte[] sealed, String boundTo) {
        return Secret.of(new String(decryptBytes(sealed, boundTo), StandardCharsets.UTF_8));
    }

    /** The same for bytes. */
    public byte[] decryptBytes(byte[] sealed, String boundTo) {
        try {
            return keysFor(sealed).aead().decrypt(sealed, context(boundTo));
        } catch (GeneralSecurityException e) {
            throw new KeyringException(
                    "no key of keyset "
                            + file
                            + " decrypts "
                            + boundTo
                            + "; use the keyset that encrypted it, or enter the secret again",
                    e);
        }
    }

    /** Another node, or {@code keys rotate}, may have added a key since this one read the file. */
    private Keys keysFor(byte[] sealed) {
        Keys present = keys;
        if (sealed.length < 5 || sealed[0] != TINK_PREFIX) {
            return present;
        }
        if (!present.has(ByteBuffer.wrap(sealed, 1, 4).getInt())) {
            present = load(file);
            keys = present;
        }
        return present;
    }

    private static byte[] context(String boundTo) {
        if (boundTo.isBlank()) {
            throw new IllegalArgumentException("a secret must be bound to its row");
        }
        return boundTo.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Adds a key that encrypts from now on; the others stay, so that what they encrypted is read
     * still. The file changes in one step; other processes see the key when they meet a value of
     * it.
     */
    public void rotate() {
        file.exclusively(() -> {
            KeysetHandle grown = grown(load(file).handle());
            file.replace(serialize(grown));
            keys = keys(grown);
        });
    }

    /** The keys without their material, oldest first. */
    public List<KeyInfo> keys() {
        KeysetHandle handle = keys.handle();
        return IntStream.range(0, handle.size())
                .mapToObj(handle::getAt)
                .map(entry ->
                        new KeyInfo(HexFormat.of().toHexDigits(entry.getId()), entry.isPrimary()))
                .toList();
    }

    /**
     * Tells keysets apart without telling the keys: 32 hexadecimal digits made from the oldest key,
     * so that they stay the same over rotations. Store it with the first encrypted value.
     */
    @AccessesPartialKey
    public String fingerprint() {
        AesGcmKey oldest = (AesGcmKey) keys.handle().getAt(0).getKey();
        byte[] material = oldest.getKeyBytes().toByteArray(InsecureSecretKeyAccess.get());
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(material, "HmacSHA256"));
            byte[] digest =
                    mac.doFinal("mailbell keyset fingerprint".getBytes(StandardCharsets.US_ASCII));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }

    /**
     * @param expected what {@link #fingerprint()} was when the stored values were encrypted
     * @throws KeyringException when this is another keyset
     */
    public void requireFingerprint(String expected) {
        if (!expected.equals(fingerprint())) {
            throw new KeyringException(
                    "keyset "
                            + file
                            + " is not the one that the secrets in this database were encrypted"
                            + " with; restore that one, or point security.keyset at it");
        }
    }

    private static Keys load(KeysetFile file) {
        String json = file.read();
        try {
            AeadConfig.register();
            Keys keys =
                    keys(
                            TinkJsonProtoKeysetFormat.parseKeyset(
                                    json, InsecureSecretKeyAccess.get()));
            if (!(keys.handle().getAt(0).getKey() instanceof AesGcmKey)) {
                throw new GeneralSecurityException("its oldest key is not of AES-GCM");
            }
            return keys;
        } catch (GeneralSecurityException | RuntimeException e) {
            // Without the cause: a parser's message may quote what it stumbled over.
            throw new KeyringException(
                    "keyset "
                            + file
                            + " is damaged or not a Tink keyset of AES-GCM keys; restore it from a"
                            + " backup, because only its keys read the secrets in the database");
        }
    }

    private static Keys keys(KeysetHandle handle) {
        try {
            return new Keys(handle, handle.getPrimitive(RegistryConfiguration.get(), Aead.class));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a keyset for encryption", e);
        }
    }

    private static KeysetHandle fresh() {
        try {
            AeadConfig.register();
            return KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be made", e);
        }
    }

    private static KeysetHandle grown(KeysetHandle present) {
        try {
            return KeysetHandle.newBuilder(present)
                    .addEntry(
                            KeysetHandle.generateEntryFromParameters(
                                            PredefinedAeadParameters.AES256_GCM)
                                    .withRandomId()
                                    .makePrimary())
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no AES-256-GCM key could be added", e);
        }
    }

    private static String serialize(KeysetHandle handle) {
        try {
            return TinkJsonProtoKeysetFormat.serializeKeyset(handle, InsecureSecretKeyAccess.get());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a keyset could not be written", e);
        }
    }

    /** The file; no keys. */
    @Override
    public String toString() {
        return "keyset " + file;
    }
}

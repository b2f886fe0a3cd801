import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertPathValidator;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Calendar;
import java.util.List;
import java.util.Set;

import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.SignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Peers on a warm Java machine: PDFBox with Bouncy Castle seals a ready page, or verifies a sealed one; iText 5 draws the
 * page and seals it.
 *
 * <p>java Peers pdfbox-p256|pdfbox-rsa|itext SEALS_FOLDER FILE.pdf ROWS.txt
 *
 * <p>java Peers verify SEALS_FOLDER FILE.pdf ROOT.pem
 */
public final class Peers {
    private static final long SECONDS = 5;
    private static final long WARM_SECONDS = 12;

    private interface Work {
        byte[] once(int count) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        String peer = arguments[0];
        Path seals = Path.of(arguments[1]);
        String code = peer.endsWith("rsa") ? "11990000MD1000077R" : "11990000MD1000018N";
        Key key = new Key(seals, code);
        Work work;
        if (peer.equals("verify")) {
            byte[] file = Files.readAllBytes(Path.of(arguments[2]));
            Verifier verifier = new Verifier(Path.of(arguments[3]));
            work = count -> verifier.once(file);
        } else if (peer.startsWith("pdfbox")) {
            byte[] file = Files.readAllBytes(Path.of(arguments[2]));
            work = count -> pdfbox(file, key);
        } else {
            List<String> rows = Files.readAllLines(Path.of(arguments[3]), StandardCharsets.UTF_8);
            work = new IText(key, rows, arguments[4])::once;
        }
        int count = 0;
        byte[] sealed = null;
        long until = System.nanoTime() + WARM_SECONDS * 1_000_000_000L;
        while (System.nanoTime() < until) {
            sealed = work.once(count++);
        }
        int done = 0;
        long began = processorTime();
        while (processorTime() - began < SECONDS * 1_000_000_000L) {
            sealed = work.once(count++);
            done++;
        }
        double spent = (processorTime() - began) / 1e9;
        System.out.printf("%.2f %d%n", done / spent, sealed.length);
        if (System.getProperty("sample") != null) {
            Files.write(Path.of(System.getProperty("sample")), sealed);
        }
    }

    private static long processorTime() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /** A key of keys-dev, its certificates, and all that can be prepared of its signatures. */
    private static final class Key {
        final PrivateKey secret;
        final X509Certificate[] chain;
        final String algorithm;
        final CMSSignedDataGenerator generator = new CMSSignedDataGenerator();

        Key(Path seals, String code) throws Exception {
            String pem = Files.readString(seals.resolve(code + ".key.pem"));
            byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            String kind = code.equals("11990000MD1000077R") ? "RSA" : "EC";
            secret = KeyFactory.getInstance(kind).generatePrivate(new PKCS8EncodedKeySpec(der));
            algorithm = kind.equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
            List<X509Certificate> read = new ArrayList<>();
            try (InputStream in = Files.newInputStream(seals.resolve(code + ".chain.pem"))) {
                for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                    read.add((X509Certificate) one);
                }
            }
            chain = read.toArray(new X509Certificate[0]);
            ASN1EncodableVector attributes = new ASN1EncodableVector();
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(chain[0].getEncoded());
            attributes.add(new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2,
                    new DERSet(new SigningCertificateV2(new ESSCertIDv2(digest)))));
            // The Java machine's own providers are faster at both algorithms than Bouncy Castle's.
            ContentSigner signer = new JcaContentSignerBuilder(algorithm).build(secret);
            generator.addSignerInfoGenerator(new SignerInfoGeneratorBuilder(
                    new JcaDigestCalculatorProviderBuilder().build())
                    .setSignedAttributeGenerator(
                            new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes)))
                    .build(signer, new JcaX509CertificateHolder(chain[0])));
            generator.addCertificates(new JcaCertStore(read));
        }

        byte[] cms(byte[] content) throws Exception {
            return generator.generate(new CMSProcessableByteArray(content), false).getEncoded();
        }
    }

    private static byte[] pdfbox(byte[] file, Key key) throws Exception {
        try (org.apache.pdfbox.pdmodel.PDDocument document = org.apache.pdfbox.pdmodel.PDDocument.load(file)) {
            var signature = new org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature();
            signature.setFilter(org.apache.pdfbox.cos.COSName.ADOBE_PPKLITE);
            signature.setSubFilter(org.apache.pdfbox.cos.COSName.getPDFName("ETSI.CAdES.detached"));
            signature.setSignDate(Calendar.getInstance());
            document.addSignature(signature, content -> {
                try {
                    return key.cms(content.readAllBytes());
                } catch (Exception fault) {
                    throw new java.io.IOException(fault);
                }
            });
            ByteArrayOutputStream out = new ByteArrayOutputStream(file.length + 40_000);
            document.saveIncremental(out);
            return out.toByteArray();
        }
    }

    /** Verifies the seal, over all bytes but its gap, and the path to the one root; lists are not asked. */
    private static final class Verifier {
        final PKIXParameters trusted;
        final CertificateFactory certificates = CertificateFactory.getInstance("X.509");

        Verifier(Path root) throws Exception {
            try (InputStream in = Files.newInputStream(root)) {
                var anchor = new TrustAnchor((X509Certificate) certificates.generateCertificate(in), null);
                trusted = new PKIXParameters(Set.of(anchor));
            }
            trusted.setRevocationEnabled(false);
        }

        byte[] once(byte[] file) throws Exception {
            try (org.apache.pdfbox.pdmodel.PDDocument document = org.apache.pdfbox.pdmodel.PDDocument.load(file)) {
                var signature = document.getSignatureDictionaries().get(0);
                int[] range = signature.getByteRange();
                if (range[0] != 0 || range[2] + range[3] != file.length) {
                    throw new IllegalStateException("the seal does not cover the file");
                }
                var content = new CMSProcessableByteArray(signature.getSignedContent(file));
                var message = new CMSSignedData(content, signature.getContents(file));
                var signer = message.getSignerInfos().getSigners().iterator().next();
                List<X509Certificate> path = new ArrayList<>();
                var converter = new JcaX509CertificateConverter();
                for (var holder : message.getCertificates().getMatches(null)) {
                    X509Certificate one = converter.getCertificate(holder);
                    path.add(one.getBasicConstraints() < 0 ? 0 : path.size(), one);
                }
                if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().build(path.get(0)))) {
                    throw new IllegalStateException("the seal does not verify");
                }
                CertPathValidator.getInstance("PKIX").validate(certificates.generateCertPath(path), trusted);
                return file;
            }
        }
    }

    /** Draws and seals in one process, the font parsed once. */
    private static final class IText {
        final Key key;
        final List<String> rows;
        final com.itextpdf.text.pdf.BaseFont font;

        IText(Key key, List<String> rows, String fontFile) throws Exception {
            this.key = key;
            this.rows = rows;
            this.font = com.itextpdf.text.pdf.BaseFont.createFont(fontFile,
                    com.itextpdf.text.pdf.BaseFont.IDENTITY_H, com.itextpdf.text.pdf.BaseFont.EMBEDDED, true);
        }

        byte[] once(int count) throws Exception {
            ByteArrayOutputStream drawn = new ByteArrayOutputStream(100_000);
            var page = new com.itextpdf.text.Document(com.itextpdf.text.PageSize.A4, 71, 71, 71, 71);
            com.itextpdf.text.pdf.PdfWriter writer = com.itextpdf.text.pdf.PdfWriter.getInstance(page, drawn);
            page.open();
            var large = new com.itextpdf.text.Font(font, 28);
            var normal = new com.itextpdf.text.Font(font, 12);
            var small = new com.itextpdf.text.Font(font, 9);
            var title = new com.itextpdf.text.Paragraph(rows.get(0), large);
            title.setAlignment(com.itextpdf.text.Element.ALIGN_CENTER);
            page.add(title);
            var table = new com.itextpdf.text.pdf.PdfPTable(new float[] {45, 115});
            table.setSpacingBefore(20);
            table.getDefaultCell().setBorder(0);
            table.addCell(new com.itextpdf.text.Phrase("许可证编号", normal));
            String number = String.format("JY1990100%07d", count % 10_000_000);
            table.addCell(new com.itextpdf.text.Phrase(number, normal));
            for (String row : rows.subList(3, rows.size())) {
                String[] cells = row.split("\t");
                table.addCell(new com.itextpdf.text.Phrase(cells[0], normal));
                table.addCell(new com.itextpdf.text.Phrase(cells[1], normal));
            }
            page.add(table);
            page.add(new com.itextpdf.text.Paragraph(rows.get(1), small));
            var canvas = writer.getDirectContent();
            String address = "https://zhengku.example/verify#1.2.156.3005.2.11990000MD0000008F002.11990000MD1000018N."
                    + String.format("2024%07d", count % 10_000_000) + "7EMF0EGA0.001.S";
            square(canvas, address);
            canvas.setRGBColorStroke(215, 0, 15);
            canvas.setLineWidth(3.4f);
            canvas.circle(440, 128, 57);
            canvas.stroke();
            canvas.beginText();
            canvas.setFontAndSize(font, 12);
            canvas.setTextMatrix(382, 128);
            canvas.showText(rows.get(2));
            canvas.endText();
            page.close();

            var reader = new com.itextpdf.text.pdf.PdfReader(drawn.toByteArray());
            ByteArrayOutputStream out = new ByteArrayOutputStream(drawn.size() + 40_000);
            var stamper = com.itextpdf.text.pdf.PdfStamper.createSignature(reader, out, '\0', null, true);
            var appearance = stamper.getSignatureAppearance();
            var dictionary = new com.itextpdf.text.pdf.PdfSignature(com.itextpdf.text.pdf.PdfName.ADOBE_PPKLITE,
                    new com.itextpdf.text.pdf.PdfName("ETSI.CAdES.detached"));
            dictionary.setDate(new com.itextpdf.text.pdf.PdfDate(Calendar.getInstance()));
            appearance.setCryptoDictionary(dictionary);
            var reserved = new java.util.HashMap<com.itextpdf.text.pdf.PdfName, Integer>();
            reserved.put(com.itextpdf.text.pdf.PdfName.CONTENTS, 16_386);
            appearance.preClose(reserved);
            ByteArrayOutputStream covered = new ByteArrayOutputStream(drawn.size() + 20_000);
            byte[] part = new byte[8_192];
            // Its stream does not keep the promises that `readAllBytes` builds upon.
            try (InputStream in = appearance.getRangeStream()) {
                for (int read = in.read(part); read > 0; read = in.read(part)) {
                    covered.write(part, 0, read);
                }
            }
            byte[] cms = key.cms(covered.toByteArray());
            byte[] padded = new byte[8_192];
            System.arraycopy(cms, 0, padded, 0, cms.length);
            var filled = new com.itextpdf.text.pdf.PdfDictionary();
            filled.put(com.itextpdf.text.pdf.PdfName.CONTENTS,
                    new com.itextpdf.text.pdf.PdfString(padded).setHexWriting(true));
            appearance.close(filled);
            return out.toByteArray();
        }

        /** The modules as rectangles: iText's own picture of a square is a bitmap. */
        private void square(com.itextpdf.text.pdf.PdfContentByte canvas, String address) throws Exception {
            var hints = new java.util.HashMap<com.itextpdf.text.pdf.qrcode.EncodeHintType, Object>();
            hints.put(com.itextpdf.text.pdf.qrcode.EncodeHintType.ERROR_CORRECTION,
                    com.itextpdf.text.pdf.qrcode.ErrorCorrectionLevel.M);
            var matrix = new com.itextpdf.text.pdf.qrcode.QRCodeWriter().encode(address, 1, 1, hints);
            float size = 85f / matrix.getWidth();
            for (int row = 0; row < matrix.getHeight(); row++) {
                byte[] line = matrix.getArray()[row];
                for (int column = 0; column < matrix.getWidth(); column++) {
                    if (line[column] == 0) {
                        canvas.rectangle(71 + column * size, 156 - row * size, size, size);
                    }
                }
            }
            canvas.fill();
        }
    }
}

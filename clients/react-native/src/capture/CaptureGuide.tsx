import { StyleSheet, View } from 'react-native';

/** An oval for a face, or a frame for a card. It takes no touches and says nothing to a screen reader: the hint does. */
export function CaptureGuide({ subject }: { readonly subject: 'selfie' | 'id_card' }) {
  return (
    <View style={styles.layer} pointerEvents="none" importantForAccessibility="no-hide-descendants" aria-hidden>
      <View style={subject === 'selfie' ? styles.oval : styles.card} />
    </View>
  );
}

const styles = StyleSheet.create({
  layer: { ...StyleSheet.absoluteFillObject, alignItems: 'center', justifyContent: 'center' },
  oval: { height: '70%', aspectRatio: 3 / 4, borderWidth: 3, borderColor: '#ffffff', borderRadius: '50%' },
  // The proportions of ISO/IEC 7810 ID-1.
  card: { width: '85%', aspectRatio: 85.6 / 53.98, borderWidth: 3, borderColor: '#ffffff', borderRadius: 12 },
});

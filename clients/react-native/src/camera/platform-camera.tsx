import { useEffect, useImperativeHandle } from 'react';
import { StyleSheet } from 'react-native';
import { Camera, useCameraDevice, usePhotoOutput, VisionCamera } from 'react-native-vision-camera';

import type { CameraViewProps, PlatformCamera } from './camera';

/** Enough for a face and for a card's print; nine pictures stay below the server's limits. */
const RESOLUTION = { width: 960, height: 1280 };

function View({ side, shutter, onReady, onFailure }: CameraViewProps) {
  const device = useCameraDevice(side);
  const photos = usePhotoOutput({
    targetResolution: RESOLUTION,
    containerFormat: 'jpeg',
    quality: 0.9,
    qualityPrioritization: device?.supportsSpeedQualityPrioritization ? 'speed' : 'balanced',
  });
  useImperativeHandle(shutter, () => ({
    async take() {
      const photo = await photos.capturePhoto({ flashMode: 'off', enableShutterSound: false }, {});
      try {
        return new Uint8Array(await photo.getFileDataAsync());
      } finally {
        photo.dispose();
      }
    },
  }));
  const missing = device === undefined;
  useEffect(() => {
    // Devices are listed a moment after the start.
    const timer = missing ? setTimeout(() => onFailure('no_camera'), 2000) : undefined;
    return () => clearTimeout(timer);
  }, [missing, onFailure]);
  return device ? (
    <Camera
      style={StyleSheet.absoluteFill}
      device={device}
      outputs={[photos]}
      isActive
      onStarted={onReady}
      onError={(error) => onFailure('camera_failed', error)}
    />
  ) : null;
}

/** The camera on iOS and Android, by react-native-vision-camera. */
export const platformCamera: PlatformCamera = {
  async requestPermission() {
    return VisionCamera.cameraPermissionStatus === 'authorized' || VisionCamera.requestCameraPermission();
  },
  View,
};

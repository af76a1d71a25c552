export * from './extension';
export * from './strip';
